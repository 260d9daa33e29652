package mse

import (
	"io"
	"net"
	"sync"
	"testing"
	"time"

	"btkit/pkg/outcome"
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
func against(t *testing.T, says []byte, piece int, stays bool, o Options, run func(net.Conn, Options) error) error {
	t.Helper()
	us, them := loopback(t)
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
	err := run(us, o)
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
				if err := against(t, tt.says, tt.piece, tt.stays, o, run); outcome.Of(err) != tt.want {
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
