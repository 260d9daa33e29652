package mse

import (
	"errors"
	"io"
	"net"
	"sync"
	"testing"
	"time"

	"btkit/pkg/outcome"
	"btkit/pkg/peerwire"
)

// roles are both sides, on a stream whose other end is a stranger.
var roles = map[string]func(net.Conn, Options) error{
	"caller": func(c net.Conn, o Options) error {
		_, _, err := Initiate(c, torrent, nil, o)
		return err
	},
	"called": func(c net.Conn, o Options) error {
		_, _, err := NewReceiver(new(Keys), o).Accept(c, nil)
		return err
	},
}

// against lets a stranger say something, in pieces, and then end or wait.
func against(us, them net.Conn, says []byte, piece int, stays bool, run func(net.Conn) error) error {
	done := make(chan struct{})
	go func() {
		defer close(done)
		for len(says) > 0 {
			n := min(piece, len(says))
			if _, err := them.Write(says[:n]); err != nil {
				return // we have had enough
			}
			says = says[n:]
		}
		if !stays {
			_ = them.(*net.TCPConn).CloseWrite() // or we were faster
		}
		_, _ = io.Copy(io.Discard, them) // until we end
	}()
	err := run(us)
	us.Close()
	<-done
	return err
}

func TestHowStreamsEnd(t *testing.T) {
	for _, tt := range []struct {
		name  string
		says  []byte
		piece int
		stays bool
		want  outcome.Outcome
	}{
		{"closed at once", nil, 1, false, outcome.ClosedEarly},
		{"half a key, then closed", noise(50), 50, false, outcome.Closed},
		{"a key, then closed", noise(96), 96, false, outcome.Closed},
		{"silence", nil, 1, true, outcome.Timeout},
		{"half a key and silence", noise(50), 50, true, outcome.Timeout},
		{"a key, padding and silence", noise(300), 300, true, outcome.Timeout},
		{"dribbled key and silence", noise(100), 1, true, outcome.Timeout},
		{"noise", noise(2000), 2000, true, outcome.NotBitTorrent},
		{"dribbled noise", noise(2000), 1, true, outcome.NotBitTorrent},
		{"noise without end", noise(1 << 22), 1 << 16, true, outcome.NotBitTorrent},
	} {
		for role, run := range roles {
			t.Run(tt.name+"/"+role, func(t *testing.T) {
				t.Parallel()
				o := Options{Timeout: time.Minute}
				if tt.want == outcome.Timeout {
					o.Timeout = 100 * time.Millisecond
				}
				us, them := loopback(t)
				err := against(us, them, tt.says, tt.piece, tt.stays, func(c net.Conn) error { return run(c, o) })
				if outcome.Of(err) != tt.want {
					t.Errorf("got %v (%v), want %v", outcome.Of(err), err, tt.want)
				}
			})
		}
	}
}

// However much a stranger says, little of it is read.
func TestLittleIsReadOfNoise(t *testing.T) {
	for role, run := range roles {
		us, them := net.Pipe()
		var wait sync.WaitGroup
		took := 0
		wait.Go(func() { _, _ = io.Copy(io.Discard, them) })     // until we end
		wait.Go(func() { took, _ = them.Write(noise(1 << 20)) }) // until we have had enough
		err := run(us, Options{})
		us.Close()
		wait.Wait()
		if took > 4*readSize || outcome.Of(err) != outcome.NotBitTorrent {
			t.Errorf("%s: got %d bytes read, %v, want at most %d", role, took, err, 4*readSize)
		}
	}
}

func TestStreamThatIsGone(t *testing.T) {
	for role, run := range roles {
		us, _ := loopback(t)
		us.Close()
		if err := run(us, Options{}); outcome.Of(err) != outcome.Canceled {
			t.Errorf("%s: got %v (%v), want %v", role, outcome.Of(err), err, outcome.Canceled)
		}
	}
}

// Whoever closes the stream from elsewhere stops the handshake.
func TestClosedByAnother(t *testing.T) {
	for role, run := range roles {
		us, them := loopback(t)
		closed := make(chan struct{})
		go func() {
			defer close(closed)
			if role == "caller" {
				_, _ = readN(them, keyLen) // it waits for an answer now
			}
			us.Close()
		}()
		if err := run(us, Options{}); outcome.Of(err) != outcome.Canceled {
			t.Errorf("%s: got %v (%v), want %v", role, outcome.Of(err), err, outcome.Canceled)
		}
		<-closed
	}
}

func TestTooMuchToSendAlong(t *testing.T) {
	a, _ := pipe(t)
	if _, _, err := Initiate(a, torrent, make([]byte, 1<<16), Options{}); outcome.Of(err) != outcome.Error {
		t.Errorf("got %v, want an error of ours", err)
	}
}

func TestCrypto(t *testing.T) {
	for selected, want := range map[Method]string{0: "", Plain: "mse-plain", RC4: "rc4"} {
		if got := (Result{Selected: selected}).Crypto(); got != want {
			t.Errorf("%d: got %q, want %q", selected, got, want)
		}
	}
}

// A key may begin like a plain handshake does; 20 bytes tell them apart.
func TestKeyThatBeginsLikeAHandshake(t *testing.T) {
	var pair *keyPair
	for i := byte(1); pair == nil || pair.public[0] != 0x13; i++ {
		for j := range byte(255) {
			if pair = newKeyPair([privateLen]byte{1, 18: i, 19: j}); pair.public[0] == 0x13 {
				break
			}
		}
	}
	var keys Keys
	keys.Add(torrent)
	x, y := loopback(t)
	got := make(chan ended, 1) // the one result
	go func() {
		first, err := readN(y, plainLen)
		var d peerwire.HandshakeDecoder
		if _, notPlain := d.Feed(first); err != nil || !errors.Is(notPlain, peerwire.ErrNotPlain) {
			got <- ended{err: errors.Join(err, notPlain, errNoSync)}
			y.Close()
			return
		}
		conn, result, err := NewReceiver(&keys, Options{}).Accept(y, first)
		got <- ended{conn, result, err}
	}()
	a, said := newInitiator(torrent, nil, RC4, pair, nil, nil)
	_, err := a.run(x, Options{}.filled(), time.Now().Add(time.Minute), said, nil)
	if at := <-got; err != nil || at.err != nil || at.SKEY != torrent {
		t.Errorf("got %v, and %+v", err, at)
	}
}

// Strangers by the hundred that say nothing of sense take turns with those that
// do, and everybody is done.
func TestFlood(t *testing.T) {
	var keys Keys
	keys.Add(torrent)
	r := NewReceiver(&keys, Options{Exchanges: 1, Timeout: time.Minute})
	var wait sync.WaitGroup
	for n := range 120 {
		us, them := loopback(t)
		wait.Go(func() {
			accept := func(c net.Conn) error { _, _, err := r.Accept(c, nil); return err }
			if err := against(us, them, noise(keyLen+maxPad+20+n), 1+n*7, true, accept); outcome.Of(err) != outcome.NotBitTorrent {
				t.Errorf("stranger: got %v, want %v", err, outcome.NotBitTorrent)
			}
		})
		if n%4 != 0 {
			continue
		}
		x, y := loopback(t)
		wait.Go(func() {
			if from, at := meet(x, y, []byte("hello"), Options{Methods: RC4}, r); from.err != nil || at.err != nil {
				t.Errorf("peer: got %v and %v, want no error", from.err, at.err)
			}
		})
	}
	wait.Wait()
	if busy := len(r.ex.slots); busy != 0 {
		t.Errorf("got %d exchanges left, want none", busy)
	}
}
