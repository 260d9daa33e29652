package confirm

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"os"
	"path/filepath"
	"testing"

	"btkit/pkg/record"
)

// story is a stream with peers of every class, merged and split ones.
func story() []*record.Progress {
	qbit := client(idOne, "qBittorrent/4.6.5")
	return []*record.Progress{
		see(0, 10, qbit), see(60, 50, from("192.0.2.9:1000")), see(61, 100, from("192.0.2.8:1000")),
		see(62, 1, hiding, session(1), from("192.0.2.7:1000")), see(63, 40, uploadOnly, from("[2001:db8::1]:1000")),
		see(120, 60, qbit), see(121, 99, from("192.0.2.9:1000")), see(130, 1, hiding, session(2), from("192.0.2.7:1000")),
		see(140, 70, torrentIs(hashB)), see(150, 30, client(idTwo, "Transmission 4.0")),
		// what follows is the second half
		see(200, 80, qbit, from("198.51.100.1:7")), see(201, 2, hiding, session(3), from("192.0.2.7:1000")),
		see(202, 98, client(idTwo, "Transmission 4.0")), see(203, 100, torrentIs(hashB)), see(204, 99, from("192.0.2.9:1000")),
		see(205, 60, from("192.0.2.8:1000")), see(206, 98, from("[2001:db8::1]:1000")), see(10, 98, qbit), see(260, 99, from("198.51.100.1:7")),
	}
}

// reopened is a fold that has gone through a state file.
func reopened(t *testing.T, f *Fold) *Fold {
	t.Helper()
	path := filepath.Join(t.TempDir(), "state")
	if err := f.Save(path); err != nil {
		t.Fatal(err)
	}
	again := NewFold(f.options)
	if err := again.Load(path); err != nil {
		t.Fatal(err)
	}
	return again
}

func TestStateGoesOnAsIfNothingHappened(t *testing.T) {
	all := story()
	for cut := range len(all) + 1 {
		t.Run(fmt.Sprint(cut), func(t *testing.T) {
			through, before := NewFold(Options{}), NewFold(Options{})
			length := &record.Torrent{InfoHash: hashA, Pieces: 100, PieceBytes: 262144, Bytes: 99*262144 + 1}
			through.Torrent(length)
			before.Torrent(length)
			feed(through, all[:cut]...)
			feed(before, all[:cut]...)
			after := reopened(t, before)
			if got, want := text(feed(after, all[cut:]...)), text(feed(through, all[cut:]...)); got != want {
				t.Errorf("got\n%s, want\n%s", got, want)
			}
			if got, want := text(tallies(after)), text(tallies(through)); got != want {
				t.Errorf("tallies: got\n%s, want\n%s", got, want)
			}
			if after.Confirmed() != through.Confirmed() || after.Peers() != through.Peers() {
				t.Errorf("got %d of %d, want %d of %d", after.Confirmed(), after.Peers(), through.Confirmed(), through.Peers())
			}
		})
	}
}

func tallies(f *Fold) (all []record.Record) {
	for _, t := range f.Tallies() {
		all = append(all, t)
	}
	return all
}

func TestLoadWithoutFileIsEmpty(t *testing.T) {
	f := NewFold(Options{})
	if err := f.Load(filepath.Join(t.TempDir(), "none")); err != nil || f.Peers() != 0 {
		t.Errorf("got %v and %d peers, want an empty state", err, f.Peers())
	}
}

func TestSaveReplacesAsAWhole(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "state")
	f := NewFold(Options{})
	for _, have := range []int64{1, 2} {
		feed(f, see(float64(have), have))
		if err := f.Save(path); err != nil {
			t.Fatal(err)
		}
	}
	files, err := os.ReadDir(dir)
	if err != nil || len(files) != 1 {
		t.Errorf("got %v and %v, want the state file alone", files, err)
	}
	if err := f.Save(filepath.Join(dir, "no", "such", "place")); err == nil {
		t.Error("got no error for a folder that does not exist, want one")
	}
}

func TestBrokenStateIsAnError(t *testing.T) {
	f := NewFold(Options{})
	feed(f, story()...)
	good := f.marshal()
	broken := map[string][]byte{"empty": {}, "another file": []byte("SQLite format 3\x00 and so on"), "longer": append(good[:len(good):len(good)], 0)}
	for n := range len(good) {
		broken[fmt.Sprintf("cut to %d bytes", n)] = good[:n]
		changed := append([]byte(nil), good...)
		changed[n] ^= 0x40
		broken[fmt.Sprintf("byte %d changed", n)] = changed
	}
	path := filepath.Join(t.TempDir(), "state")
	for name, b := range broken {
		if err := NewFold(Options{}).unmarshal(b); err == nil {
			t.Errorf("%s: got no error, want one", name)
		}
	}
	if err := os.WriteFile(path, good[:100], 0o600); err != nil {
		t.Fatal(err)
	}
	if err := NewFold(Options{}).Load(path); !errors.Is(err, ErrState) {
		t.Errorf("got %v, want one that wraps ErrState", err)
	}
}

func TestStateThatLiesIsAnError(t *testing.T) {
	one := func(edit func(*Fold)) []byte {
		f := NewFold(Options{})
		feed(f, see(0, 50, client(idOne, "x")))
		edit(f)
		return f.marshal()
	}
	tests := []struct {
		name string
		edit func(*Fold)
		ok   bool
	}{
		{"untouched", func(*Fold) {}, true},
		{"class beyond the last", func(f *Fold) { f.at(0).class = classes }, false},
		{"torrent beyond the last", func(f *Fold) { f.at(0).torrent = 1 }, false},
		{"address of no peer", func(f *Fold) { f.byKey[key{1}] = 1 }, false},
		{"peer id of no peer", func(f *Fold) { f.byID[7] = 1 }, false},
		{"rate that is no number", func(f *Fold) { f.at(0).rate = float32(nan()) }, false},
		{"negative rate", func(f *Fold) { f.at(0).rate = -1 }, false},
		{"pace that is no number", func(f *Fold) { f.at(0).pace = float32(nan()) }, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if err := NewFold(Options{}).unmarshal(one(tt.edit)); (err == nil) != tt.ok {
				t.Errorf("got %v, want accepted: %v", err, tt.ok)
			}
		})
	}
}

func nan() float64 { zero := 0.; return zero / zero }

func TestStateCountsAreNotTrusted(t *testing.T) {
	for _, count := range []uint32{1, 1 << 16, 1<<32 - 1} {
		body := binary.BigEndian.AppendUint32([]byte(stateMagic), count)
		if err := NewFold(Options{}).unmarshal(sealed(body)); err == nil {
			t.Errorf("%d torrents without a byte: got no error, want one", count)
		}
	}
}

// sealed adds the right checksum.
func sealed(body []byte) []byte {
	return binary.BigEndian.AppendUint32(body[:len(body):len(body)], crc32.ChecksumIEEE(body))
}

// FuzzState: whatever stands in a state file, loading it ends with an error or
// with a fold that works, whose classes add up and that writes itself again.
func FuzzState(f *testing.F) {
	full := NewFold(Options{})
	feed(full, story()...)
	b := full.marshal()
	f.Add(b[len(stateMagic) : len(b)-4])
	empty := NewFold(Options{}).marshal()
	f.Add(empty[len(stateMagic) : len(empty)-4])
	f.Add([]byte{0, 0, 0, 1, 255})
	f.Fuzz(func(t *testing.T, body []byte) {
		fold := NewFold(Options{})
		if err := fold.unmarshal(sealed(append([]byte(stateMagic), body...))); err != nil {
			return
		}
		feed(fold, story()...)
		addUp(t, fold)
		again := NewFold(Options{})
		if err := again.unmarshal(fold.marshal()); err != nil {
			t.Fatalf("got %v for its own state, want none", err)
		}
		if got, want := text(tallies(again)), text(tallies(fold)); got != want {
			t.Fatalf("got\n%s, want\n%s", got, want)
		}
	})
}
