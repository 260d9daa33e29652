package mse

import (
	"errors"
	"net"
	"os"
	"runtime"
	"sync"
	"testing"
	"time"

	"btkit/pkg/peerwire"
)

// connected gives both ends after the handshake.
func connected(t testing.TB, takes Method, ia []byte) (a, b net.Conn) {
	t.Helper()
	var keys Keys
	keys.Add(torrent)
	x, y := loopback(t)
	from, at := meet(x, y, ia, Options{}, NewReceiver(&keys, Options{Methods: takes}))
	if from.err != nil || at.err != nil {
		t.Fatal(from.err, at.err)
	}
	return from.conn, at.conn
}

// However much of the BitTorrent handshake goes along, the called side reads it
// whole, and what follows.
func TestHandshakeInside(t *testing.T) {
	says := peerwire.Handshake{InfoHash: torrent, PeerID: [20]byte{9, 8}}.Append(nil)
	for _, method := range []Method{Plain, RC4} {
		for _, cut := range []int{0, 1, 20, 48, 67, 68} {
			a, b := connected(t, method, says[:cut])
			if _, err := a.Write(append(says[cut:len(says):len(says)], "more"...)); err != nil {
				t.Fatal(err)
			}
			got, err := readN(b, len(says)+4)
			if h, bad := peerwire.ParseHandshake(got); err != nil || bad != nil || h.InfoHash != torrent || string(got[68:]) != "more" {
				t.Errorf("%d of it with the handshake, method %d: got %x, %v, %v", cut, method, got, err, bad)
			}
		}
	}
}

func TestClearStreamIsBare(t *testing.T) {
	a, b := connected(t, Plain, []byte("payload"))
	if _, ok := a.(*net.TCPConn); !ok {
		t.Errorf("got %T, want the stream itself", a)
	}
	inner, ok := b.(interface{ NetConn() net.Conn })
	if !ok || inner.NetConn().RemoteAddr().String() != b.RemoteAddr().String() {
		t.Errorf("got %T, want the stream around the payload to show what it is around", b)
	}
}

// A reader, a writer and somebody who stops the reader, all at once.
func TestStoppedByAnother(t *testing.T) {
	a, b := connected(t, RC4, nil)
	var wait sync.WaitGroup
	defer wait.Wait()
	wait.Go(func() {
		for range 100 {
			if _, err := a.Write([]byte("keep-alive")); err != nil {
				t.Error(err)
			}
		}
		if err := b.SetReadDeadline(time.Now()); err != nil {
			t.Error(err)
		}
	})
	wait.Go(func() {
		if _, err := b.Write(make([]byte, 100)); err != nil {
			t.Error(err)
		}
	})
	var p [7]byte
	var err error
	for err == nil {
		_, err = b.Read(p[:])
	}
	if !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("got %v, want %v", err, os.ErrDeadlineExceeded)
	}
}

// The stream that a stopped read left goes on where it was.
func TestReadGoesOnAfterADeadline(t *testing.T) {
	a, b := connected(t, RC4, nil)
	if err := b.SetReadDeadline(time.Now()); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Fatalf("got %v, want %v", err, os.ErrDeadlineExceeded)
	}
	if err := b.SetReadDeadline(time.Time{}); err != nil {
		t.Fatal(err)
	}
	echo(t, a, b)
}

// half takes some bytes of every write and then fails.
type half struct {
	net.Conn
	takes int
	err   error
}

func (h half) Write(p []byte) (int, error) { return min(len(p), h.takes), h.err }

func TestBrokenWriteStaysBroken(t *testing.T) {
	h := half{nil, 3, os.ErrDeadlineExceeded}
	s := &stream{Conn: &h, tx: newRC4([]byte("key"))}
	if n, err := s.Write(make([]byte, 10)); n != 3 || !errors.Is(err, h.err) {
		t.Errorf("got %d, %v, want 3, %v", n, err, h.err)
	}
	h.takes, h.err = 10, nil
	if n, err := s.Write(make([]byte, 10)); n != 0 || !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("again: got %d, %v, want 0, %v", n, err, os.ErrDeadlineExceeded)
	}
}

func TestNoDeadlineIsLeft(t *testing.T) {
	var keys Keys
	keys.Add(torrent)
	x, y := loopback(t)
	a, b := &deadlines{Conn: x}, &deadlines{Conn: y}
	if from, at := meet(a, b, nil, Options{}, NewReceiver(&keys, Options{})); from.err != nil || at.err != nil {
		t.Fatal(from.err, at.err)
	}
	for _, d := range []*deadlines{a, b} {
		if len(d.set) != 2 || d.set[0].IsZero() || !d.set[1].IsZero() {
			t.Errorf("got deadlines %v, want one and then none", d.set)
		}
	}
}

type deadlines struct {
	net.Conn
	set []time.Time
}

func (d *deadlines) SetDeadline(at time.Time) error {
	d.set = append(d.set, at)
	return d.Conn.SetDeadline(at)
}

// What an idle conversation holds beside its socket: two key streams and their
// frame, nothing of the handshake.
func TestIdleMemory(t *testing.T) {
	const many, each = 200, 1024
	var keys Keys
	keys.Add(torrent)
	r := NewReceiver(&keys, Options{Methods: RC4})
	bare := make([]net.Conn, 2*many)
	for i := range many {
		bare[2*i], bare[2*i+1] = pipe(t)
	}
	before := heap()
	held := make([]net.Conn, 2*many)
	for i := range many {
		from, at := meet(bare[2*i], bare[2*i+1], make([]byte, 68), Options{}, r)
		if from.err != nil || at.err != nil {
			t.Fatal(from.err, at.err)
		}
		if _, err := readN(at.conn, 68); err != nil {
			t.Fatal(err)
		}
		held[2*i], held[2*i+1] = from.conn, at.conn
	}
	if grown := heap() - before; grown > 2*many*each {
		t.Errorf("got %d bytes for each of %d conversations, want at most %d", grown/(2*many), 2*many, each)
	}
	runtime.KeepAlive(held)
}

// heap is what is in use after two collections, the second for what pools had.
func heap() int64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

func TestMovedCountsTheHandshakeAlone(t *testing.T) {
	var keys Keys
	keys.Add(torrent)
	for _, method := range []Method{Plain, RC4} {
		x, y := loopback(t)
		var a, b [2]int
		count := func(into *[2]int) func(int, int) {
			return func(rx, tx int) { into[0] += rx; into[1] += tx }
		}
		ia := make([]byte, 68)
		from, at := meet(x, y, ia, Options{Moved: count(&a)}, NewReceiver(&keys, Options{Methods: method, Moved: count(&b)}))
		if from.err != nil || at.err != nil {
			t.Fatal(from.err, at.err)
		}
		want := keyLen + at.PadIn + 40 + 16 + len(ia)
		back := keyLen + from.PadIn + 14
		if a != [2]int{back, want} || b != [2]int{want - len(ia), back} {
			t.Errorf("caller: got %v, called: got %v, want %v and %v", a, b, [2]int{back, want}, [2]int{want - len(ia), back})
		}
	}
}

// What was read before it was clear that the first bytes are a key.
func TestAlreadyRead(t *testing.T) {
	var keys Keys
	keys.Add(torrent)
	for _, n := range []int{1, 20, 68, 96, 200} {
		x, y := loopback(t)
		got := make(chan ended, 1) // the one result
		go func() {
			p, err := readN(y, n)
			if err != nil {
				got <- ended{err: err}
				return
			}
			conn, result, err := NewReceiver(&keys, Options{}).Accept(y, p)
			got <- ended{conn, result, err}
		}()
		// Long enough padding for the longest of these reads.
		a, said := newInitiator(torrent, nil, RC4, pairA, noise(300), nil)
		if _, err := a.run(x, Options{}.filled(), time.Now().Add(time.Minute), said, nil); err != nil {
			t.Errorf("%d bytes: got %v", n, err)
		}
		if at := <-got; at.err != nil || at.SKEY != torrent || at.PadIn != 300 {
			t.Errorf("%d bytes: got %+v", n, at)
		}
	}
}
