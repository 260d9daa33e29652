//go:build interop

package mse

import (
	"bufio"
	_ "embed"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os/exec"
	"testing"
	"time"

	"btkit/pkg/outcome"
	"btkit/pkg/peerwire"
)

//go:embed testdata/libtorrent.py
var libtorrentDriver string

// debianPython is where python3-libtorrent is to be found.
const debianPython = "/usr/bin/python3"

// real is a libtorrent session that takes encrypted connections only.
type real struct {
	in   io.WriteCloser
	at   string // host:port
	hash [20]byte
}

// startLibtorrent runs a session; its levels of encryption have the numbers of
// our methods.
func startLibtorrent(t *testing.T, level Method, preferRC4 bool) *real {
	t.Helper()
	if err := exec.Command(debianPython, "-c", "import libtorrent").Run(); err != nil {
		t.Fatalf("python3-libtorrent is not installed (make interop installs it): %v", err)
	}
	config := fmt.Sprintf(`{"folder": %q, "level": %d, "prefer_rc4": %v}`, t.TempDir(), level, preferRC4)
	cmd := exec.Command(debianPython, "-c", libtorrentDriver, config)
	in, errIn := cmd.StdinPipe()
	out, errOut := cmd.StdoutPipe()
	if err := errors.Join(errIn, errOut, cmd.Start()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		in.Close()
		_ = cmd.Wait() // its status says nothing that the test did not see
	})
	line, err := bufio.NewReader(out).ReadBytes('\n')
	var says struct {
		Port     int    `json:"port"`
		InfoHash string `json:"infohash"`
	}
	if err == nil {
		err = json.Unmarshal(line, &says)
	}
	hash, bad := hex.DecodeString(says.InfoHash)
	if err := errors.Join(err, bad); err != nil || len(hash) != 20 {
		t.Fatalf("libtorrent said %q: %v", line, err)
	}
	return &real{in: in, at: fmt.Sprintf("127.0.0.1:%d", says.Port), hash: [20]byte(hash)}
}

func (r *real) handshake(n int) []byte {
	id := [20]byte{'-', 'B', 'K', '0', '0', '0', '1', '-', byte(n >> 8), byte(n)}
	return peerwire.Handshake{Reserved: peerwire.Reserved(peerwire.BitFast), InfoHash: r.hash, PeerID: id}.Append(nil)
}

// call shakes hands once, inside and out.
func (r *real) call(n int, o Options) (Result, error) {
	raw, err := net.Dial("tcp", r.at)
	if err != nil {
		return Result{}, err
	}
	defer raw.Close()
	conn, result, err := Initiate(raw, r.hash, r.handshake(n), o)
	if err != nil {
		return result, err
	}
	return result, r.hear(conn)
}

// hear expects the handshake and a whole first message.
func (r *real) hear(conn net.Conn) error {
	if err := conn.SetDeadline(time.Now().Add(10 * time.Second)); err != nil {
		return err
	}
	b, err := readN(conn, peerwire.HandshakeLen)
	if err != nil {
		return fmt.Errorf("handshake inside: %w", err)
	}
	if h, err := peerwire.ParseHandshake(b); err != nil || h.InfoHash != r.hash {
		return fmt.Errorf("handshake inside: got %x, %v", b, err)
	}
	// have_all or a bitfield of four pieces, perhaps behind an extended handshake.
	if head, err := readN(conn, 5); err != nil || head[0] != 0 || head[1] != 0 {
		return fmt.Errorf("first message: got %x, %v", head, err)
	}
	return nil
}

// callPatiently calls again with other keys when the secret was to blame.
func (r *real) callPatiently(n int, o Options) (result Result, err error) {
	for range 3 {
		if result, err = r.call(n, o); err == nil || !result.ShortSecret {
			break
		}
	}
	return result, err
}

// accept takes one call of libtorrent, which it is asked for.
func (r *real) accept(rc *Receiver, l net.Listener) (Result, error) {
	if _, err := fmt.Fprintln(r.in, l.Addr()); err != nil {
		return Result{}, err
	}
	if err := l.(*net.TCPListener).SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
		return Result{}, err
	}
	raw, err := l.Accept()
	if err != nil {
		return Result{}, err
	}
	defer raw.Close()
	already, err := readN(raw, plainLen)
	if err != nil {
		return Result{}, err
	}
	var d peerwire.HandshakeDecoder
	if _, err := d.Feed(already); !errors.Is(err, peerwire.ErrNotPlain) {
		return Result{}, fmt.Errorf("first bytes: got %v, want %v", err, peerwire.ErrNotPlain)
	}
	conn, result, err := rc.Accept(raw, already)
	if err != nil {
		return result, err
	}
	if _, err := conn.Write(r.handshake(1)); err != nil {
		return result, err
	}
	return result, r.hear(conn)
}

func TestLibtorrentIsCalled(t *testing.T) {
	for _, tt := range []struct {
		name      string
		level     Method
		preferRC4 bool
		provide   Method
		want      Method
	}{
		{"both", Plain | RC4, false, 0, Plain},
		{"both, RC4 preferred", Plain | RC4, true, 0, RC4},
		{"RC4 only", RC4, false, 0, RC4},
		{"clear only", Plain, false, 0, Plain},
		{"we want RC4", Plain | RC4, false, RC4, RC4},
		{"we want the clear", Plain | RC4, true, Plain, Plain},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := startLibtorrent(t, tt.level, tt.preferRC4)
			for n := range 5 {
				result, err := r.callPatiently(n, Options{Methods: tt.provide})
				if err != nil || result.Selected != tt.want {
					t.Errorf("call %d: got %+v, %v, want method %d", n, result, err, tt.want)
				}
			}
		})
	}
}

func TestLibtorrentRefuses(t *testing.T) {
	r := startLibtorrent(t, RC4, false)
	if _, err := r.call(1, Options{Methods: Plain}); outcome.Of(err) != outcome.Closed && outcome.Of(err) != outcome.Reset {
		t.Errorf("clear only: got %v, want closed", err)
	}
	other := *r
	other.hash[0] ^= 1
	if _, err := other.call(1, Options{}); outcome.Of(err) != outcome.Closed && outcome.Of(err) != outcome.Reset {
		t.Errorf("other torrent: got %v, want closed", err)
	}
}

func TestLibtorrentCalls(t *testing.T) {
	for _, tt := range []struct {
		name  string
		level Method
		takes Method
		want  Method
	}{
		{"both", Plain | RC4, 0, Plain},
		{"RC4 only", RC4, 0, RC4},
		{"clear only", Plain, 0, Plain},
		{"we want RC4", Plain | RC4, RC4, RC4},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := startLibtorrent(t, tt.level, false)
			var keys Keys
			keys.Add(torrent)
			keys.Add(r.hash)
			rc := NewReceiver(&keys, Options{Methods: tt.takes})
			for n := range 5 {
				l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.%d:0", n+2))
				if err != nil {
					t.Fatal(err)
				}
				result, err := r.accept(rc, l)
				if l.Close(); err != nil || result.Selected != tt.want || result.SKEY != r.hash {
					t.Errorf("call %d: got %+v, %v, want method %d", n, result, err, tt.want)
				}
			}
		})
	}
}
