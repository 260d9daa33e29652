package dht

import (
	"fmt"

	"btkit/pkg/record"
)

// Hear takes torrent and listen records.
func (s *Source) Hear(line *record.Line) error {
	switch line.Type {
	case "torrent":
		return s.hearTorrent(line)
	case "listen":
		return s.hearListen(line)
	}
	return nil
}

// hearListen follows the first listen record of a family that can be followed.
func (s *Source) hearListen(line *record.Line) error {
	var l record.Listen
	if err := line.Decode(&l); err != nil {
		return err
	}
	if !l.IP.IsValid() {
		return fmt.Errorf("%w: listen: expected an address", record.ErrNotRecord)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if f := familyOf(l.IP); s.Follow && !l.IP.IsUnspecified() && !s.moved[f] {
		s.moved[f] = s.client.comeFrom(l.IP)
	}
	return nil
}

func (s *Source) hearTorrent(line *record.Line) error {
	var t record.Torrent
	if err := line.Decode(&t); err != nil {
		return err
	}
	hashes, err := hashesOf(&t)
	if err != nil {
		return fmt.Errorf("%w: %w", record.ErrNotRecord, err)
	}
	private := t.Private != nil && *t.Private
	for _, hash := range hashes {
		if err := s.add(hash, private); err != nil {
			return err
		}
	}
	return nil
}

// hashesOf gives the info-hashes of a torrent's swarms: a hybrid has one for
// each version, and the wire knows the second by its first 20 bytes (BEP 52).
func hashesOf(t *record.Torrent) ([]ID, error) {
	first, ok := ParseID(t.InfoHash)
	if !ok {
		return nil, fmt.Errorf("infohash %.80q: want 40 hex digits", t.InfoHash)
	}
	if t.InfoHashV2 == "" {
		return []ID{first}, nil
	}
	var second ID
	if len(t.InfoHashV2) == 64 {
		second, ok = ParseID(t.InfoHashV2[:40])
	}
	if len(t.InfoHashV2) != 64 || !ok {
		return nil, fmt.Errorf("infohash_v2 %.80q: want 64 hex digits", t.InfoHashV2)
	}
	if second == first {
		return []ID{first}, nil
	}
	return []ID{first, second}, nil
}
