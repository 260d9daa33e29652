package confirm

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"math"
	"os"
	"path/filepath"
)

// stateMagic begins a state file and names its version.
const stateMagic = "btconf2\n"

// ErrState is wrapped by the errors about a state file that cannot be used.
var ErrState = errors.New("not a usable state file")

// Save writes the state to a file, replacing it as a whole: after a crash the
// old or the new one is there.
func (f *Fold) Save(path string) error {
	tmp, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".tmp*")
	if err != nil {
		return fmt.Errorf("write state: %w", err)
	}
	_, err = tmp.Write(f.marshal())
	err = errors.Join(err, tmp.Sync(), tmp.Close())
	if err == nil {
		err = os.Rename(tmp.Name(), path)
	}
	if err != nil {
		os.Remove(tmp.Name())
		return fmt.Errorf("write state: %w", err)
	}
	return nil
}

// Load reads a state file into an empty Fold. A file that does not exist is an
// empty state.
func (f *Fold) Load(path string) error {
	b, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read state: %w", err)
	}
	if err := f.unmarshal(b); err != nil {
		return fmt.Errorf("%s: %w: %w", path, ErrState, err)
	}
	return nil
}

func (f *Fold) marshal() []byte {
	b := []byte(stateMagic)
	b = binary.BigEndian.AppendUint32(b, uint32(len(f.torrents)))
	for _, t := range f.torrents {
		b = t.append(b)
	}
	b = binary.BigEndian.AppendUint32(b, f.count)
	for i := range f.count {
		b = f.at(i).append(b)
	}
	b = binary.BigEndian.AppendUint32(b, uint32(len(f.byKey)))
	for k, i := range f.byKey {
		b = binary.BigEndian.AppendUint32(append(b, k[:]...), i)
	}
	b = binary.BigEndian.AppendUint32(b, uint32(len(f.byID)))
	for id, i := range f.byID {
		b = binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint64(b, id), i)
	}
	return binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE(b))
}

func (t *torrent) append(b []byte) []byte {
	b = append(append(b, byte(len(t.infohash))), t.infohash...)
	for _, n := range []int64{t.need, t.lastPiece, t.regression} {
		b = binary.BigEndian.AppendUint64(b, uint64(n))
	}
	b = binary.BigEndian.AppendUint32(b, uint32(len(t.addrs)))
	for a := range t.addrs {
		b = append(b, a[:]...)
	}
	return b
}

func (x *peer) append(b []byte) []byte {
	for _, n := range []int64{x.first, x.below, x.last, x.base} {
		b = binary.BigEndian.AppendUint64(b, uint64(n))
	}
	for _, n := range []uint32{x.firstHave, x.belowHave, x.lastHave, x.baseHave, math.Float32bits(x.rate), math.Float32bits(x.pace),
		x.torrent, x.session, x.mark.id, x.mark.family} {
		b = binary.BigEndian.AppendUint32(b, n)
	}
	for _, n := range []uint16{x.readings, x.visits, x.regressions} {
		b = binary.BigEndian.AppendUint16(b, n)
	}
	return append(b, byte(x.class), byte(x.flags), x.superSessions)
}

// unmarshal reads a state. Every count is checked against the bytes that are
// left before anything is allocated for it.
func (f *Fold) unmarshal(b []byte) error {
	if len(b) < len(stateMagic)+4 || string(b[:len(stateMagic)]) != stateMagic {
		return errors.New("it does not begin like one")
	}
	body, sum := b[:len(b)-4], binary.BigEndian.Uint32(b[len(b)-4:])
	if crc32.ChecksumIEEE(body) != sum {
		return errors.New("checksum does not agree: it was cut or changed")
	}
	c := cursor{b: body[len(stateMagic):]}
	for range c.count(26 + 4) {
		f.readTorrent(&c)
	}
	n := c.count(32 + 40 + 6 + 3)
	for range n {
		f.readPeer(&c)
	}
	for range c.count(20) {
		var k key
		copy(k[:], c.take(16))
		f.byKey[k] = c.index(n)
	}
	for range c.count(12) {
		id := c.u64()
		f.byID[id] = c.index(n)
	}
	return c.err
}

func (f *Fold) readTorrent(c *cursor) {
	name := string(c.take(int(c.u8())))
	t := f.torrent(name)
	t.need, t.lastPiece, t.regression = int64(c.u64()), int64(c.u64()), int64(c.u64())
	for range c.count(16) {
		var a key
		copy(a[:], c.take(len(a)))
		t.addrs[a] = struct{}{}
	}
}

func (f *Fold) readPeer(c *cursor) {
	if f.count%chunk == 0 {
		f.peers = append(f.peers, make([]peer, chunk))
	}
	x := f.at(f.count)
	for _, n := range []*int64{&x.first, &x.below, &x.last, &x.base} {
		*n = int64(c.u64())
	}
	var rate, pace uint32
	for _, n := range []*uint32{&x.firstHave, &x.belowHave, &x.lastHave, &x.baseHave, &rate, &pace,
		&x.torrent, &x.session, &x.mark.id, &x.mark.family} {
		*n = c.u32()
	}
	x.rate, x.pace = math.Float32frombits(rate), math.Float32frombits(pace)
	for _, n := range []*uint16{&x.readings, &x.visits, &x.regressions} {
		*n = c.u16()
	}
	x.class, x.flags, x.superSessions = class(c.u8()), flags(c.u8()), c.u8()
	switch {
	case x.class >= classes || int(x.torrent) >= len(f.torrents):
		c.fail(errors.New("a peer of no known class or torrent"))
		return
	case !possible(x.rate), !possible(x.pace):
		c.fail(errors.New("a peer with no possible rate"))
		return
	}
	f.count++
	f.torrents[x.torrent].enter(x)
	if x.class == confirmed {
		f.confirmed++
	}
}

// possible says whether a rate is one; NaN is none.
func possible(rate float32) bool { return rate >= 0 && rate <= math.MaxFloat32 }
