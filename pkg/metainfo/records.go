package metainfo

import (
	"encoding/hex"
	"fmt"
	"iter"
	"strings"

	"btkit/pkg/record"
)

// recordBytes is how long a line of ours may get: the limit of 4096 bytes for
// one write less room for the numbers of the header and for members that
// filters add.
const recordBytes = 3500

// Records gives the torrent as records. There is one as a rule; trackers, web
// seeds and addresses that don't fit into it follow in further records of the
// same torrent, since a line has to fit into one write.
func (t *Torrent) Records() []*record.Torrent {
	p := packer{torrent: t}
	p.open(t.record())
	for _, tier := range t.Trackers {
		p.tier(tier)
	}
	for _, seed := range t.WebSeeds {
		r := p.room(seed)
		r.WebSeeds = append(r.WebSeeds, seed)
	}
	for _, peer := range t.Peers {
		r := p.room(peer)
		r.Peers = append(r.Peers, peer)
	}
	return p.done
}

// record holds all but the lists.
func (t *Torrent) record() *record.Torrent {
	r := &record.Torrent{
		InfoHash:   t.InfoHash.String(),
		Pieces:     t.Pieces,
		PieceBytes: t.PieceBytes,
		Bytes:      t.Bytes,
		Files:      t.FileCount,
		Private:    t.Private,
		Need:       Threshold(t.Pieces),
		Source:     t.Source,
	}
	if t.V2 != nil {
		r.InfoHashV2 = hex.EncodeToString(t.V2[:])
	}
	r.Name, r.NameHex = record.Clean(t.Name)
	return r
}

// FromRecord is the torrent that a record names, as far as one needs to find
// it: hashes, name, private flag, trackers, addresses and web seeds.
func FromRecord(r *record.Torrent) (*Torrent, error) {
	hash, err := hex.DecodeString(r.InfoHash)
	if err != nil || len(hash) != len(InfoHash{}) {
		return nil, fmt.Errorf("infohash %q: expected 40 hex digits", r.InfoHash)
	}
	t := &Torrent{InfoHash: InfoHash(hash), Name: r.Name, Private: r.Private, Trackers: r.Trackers,
		Peers: r.Peers, WebSeeds: r.WebSeeds, Source: r.Source}
	if r.InfoHashV2 != "" {
		v2, err := hex.DecodeString(r.InfoHashV2)
		if err != nil || len(v2) != 32 {
			return nil, fmt.Errorf("infohash_v2 %q: expected 64 hex digits", r.InfoHashV2)
		}
		t.V2 = (*[32]byte)(v2)
	}
	if t.V2 == nil || InfoHash(t.V2[:20]) != t.InfoHash {
		t.V1 = (*[20]byte)(hash)
	}
	return t, nil
}

// FileRecords gives a record per file.
func (t *Torrent) FileRecords() iter.Seq[*record.File] {
	return func(yield func(*record.File) bool) {
		hash := t.InfoHash.String()
		for file := range t.Files() {
			r := &record.File{InfoHash: hash, Index: file.Index, Bytes: file.Bytes}
			r.Path, r.PathHex = record.Clean(file.Path)
			if !yield(r) {
				return
			}
		}
	}
}

// packer fills records up to recordBytes; the last one is open.
type packer struct {
	torrent *Torrent
	done    []*record.Torrent
	bytes   int // of the open record as a line
}

func (p *packer) open(r *record.Torrent) {
	p.done = append(p.done, r)
	p.bytes = len(record.Append(nil, r)) + len(`,"trackers":[],"web_seeds":[],"peers":[]`)
}

// tier adds the URLs of a tier, which goes on in the next record if need be.
func (p *packer) tier(urls []string) {
	var in *record.Torrent
	for _, u := range urls {
		r := p.room(u)
		if r != in {
			r.Trackers = append(r.Trackers, nil)
			in = r
		}
		last := len(r.Trackers) - 1
		r.Trackers[last] = append(r.Trackers[last], u)
	}
}

// room gives a record that a URL or address still fits into.
func (p *packer) room(text string) *record.Torrent {
	escapes := strings.Count(text, `"`) + strings.Count(text, `\`)
	bytes := len(text) + escapes + len(`[""],`)
	if p.bytes+bytes > recordBytes {
		t := p.torrent
		p.open(&record.Torrent{InfoHash: t.InfoHash.String(), Private: t.Private, Source: t.Source})
	}
	p.bytes += bytes
	return p.done[len(p.done)-1]
}
