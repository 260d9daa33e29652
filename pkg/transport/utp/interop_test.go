//go:build interop

package utp

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha1"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"time"
)

const (
	pieceLen = 32 << 10
	blockLen = 16 << 10
)

// client is a real client without TCP, and the content of its only torrent.
type client struct {
	hash    [20]byte
	addr    netip.AddrPort
	content []byte
	lines   *bufio.Scanner
}

// withContent makes a torrent with its content in dir.
func withContent(t *testing.T, dir string, size int) *client {
	t.Helper()
	c := &client{content: content(size, 7)}
	var hashes []byte
	for at := 0; at < size; at += pieceLen {
		sum := sha1.Sum(c.content[at:min(at+pieceLen, size)])
		hashes = append(hashes, sum[:]...)
	}
	info := fmt.Sprintf("d6:lengthi%de4:name7:content12:piece lengthi%de6:pieces%d:%se", size, pieceLen, len(hashes), hashes)
	c.hash = sha1.Sum([]byte(info))
	err := errors.Join(
		os.WriteFile(filepath.Join(dir, "content"), c.content, 0o600),
		os.WriteFile(filepath.Join(dir, "content.torrent"), []byte("d4:info"+info+"e"), 0o600))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// libtorrent starts a session that has the content, or calls somebody to get it.
func libtorrent(t *testing.T, size int, where string, call ...string) *client {
	t.Helper()
	dir := t.TempDir()
	c, save := withContent(t, dir, size), dir
	if len(call) > 0 {
		save = t.TempDir()
	}
	// A python3 found first on PATH may be another than Debian's.
	cmd := exec.Command("/usr/bin/python3", append([]string{"testdata/client.py", filepath.Join(dir, "content.torrent"), save, where}, call...)...)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatalf("start libtorrent (make interop installs it): %v", err)
	}
	t.Cleanup(func() {
		in.Close()
		cmd.Wait()
	})
	c.lines = bufio.NewScanner(out)
	if !c.lines.Scan() {
		t.Fatal("libtorrent says nothing")
	}
	port, err := strconv.ParseUint(c.lines.Text(), 10, 16)
	if err != nil {
		t.Fatal(err)
	}
	c.addr = netip.AddrPortFrom(netip.MustParseAddr(where), uint16(port))
	return c
}

// transmission starts a daemon that has the content.
func transmission(t *testing.T, size int) *client {
	t.Helper()
	dir := t.TempDir()
	c := withContent(t, dir, size)
	free, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	c.addr = free.LocalAddr().(*net.UDPAddr).AddrPort()
	free.Close()
	settings := fmt.Sprintf(`{"bind-address-ipv4": "127.0.0.1", "peer-port": %d, "utp-enabled": true, "rpc-enabled": false,
		"dht-enabled": false, "pex-enabled": false, "lpd-enabled": false, "port-forwarding-enabled": false, "encryption": 0,
		"download-dir": %q, "watch-dir": %q, "watch-dir-enabled": true, "start-added-torrents": true}`, c.addr.Port(), dir, dir)
	if err := os.WriteFile(filepath.Join(dir, "settings.json"), []byte(settings), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("transmission-daemon", "--foreground", "--config-dir", dir)
	if err := cmd.Start(); err != nil {
		t.Fatalf("start transmission-daemon (make interop installs it): %v", err)
	}
	t.Cleanup(func() {
		cmd.Process.Signal(os.Interrupt)
		cmd.Wait()
	})
	return c
}

// handshake exchanges the handshakes of BEP 3 and reads the state that follows.
func handshake(c net.Conn, hash [20]byte) error {
	hello := append([]byte("\x13BitTorrent protocol\x00\x00\x00\x00\x00\x00\x00\x00"), hash[:]...)
	hello = append(hello, fmt.Sprintf("-ZZ0001-%012d", time.Now().UnixNano()%1e12)...)
	if _, err := c.Write(hello); err != nil {
		return err
	}
	got := make([]byte, len(hello))
	if _, err := io.ReadFull(c, got); err != nil {
		return fmt.Errorf("read handshake: %w", err)
	}
	if !bytes.Equal(got[28:48], hash[:]) {
		return fmt.Errorf("handshake of another torrent: %x", got)
	}
	return nil
}

func message(c io.Reader) (kind byte, body []byte, err error) {
	var head [4]byte
	if _, err := io.ReadFull(c, head[:]); err != nil {
		return 0, nil, err
	}
	n := binary.BigEndian.Uint32(head[:])
	if n == 0 {
		return 255, nil, nil
	}
	if n > 1<<20 {
		return 0, nil, fmt.Errorf("message of %d bytes", n)
	}
	body = make([]byte, n)
	_, err = io.ReadFull(c, body)
	return body[0], body[1:], err
}

func say(c io.Writer, kind byte, body ...byte) error {
	b := binary.BigEndian.AppendUint32(nil, uint32(1+len(body)))
	_, err := c.Write(append(append(b, kind), body...))
	return err
}

func numbers(n ...uint32) []byte {
	var b []byte
	for _, v := range n {
		b = binary.BigEndian.AppendUint32(b, v)
	}
	return b
}

// fetch asks for everything, several blocks at a time.
func fetch(c net.Conn, size int) ([]byte, error) {
	got := make([]byte, size)
	if err := say(c, 2); err != nil {
		return nil, err
	}
	for asked, came := 0, 0; came < size; {
		kind, body, err := message(c)
		if err != nil {
			return nil, fmt.Errorf("after %d bytes: %w", came, err)
		}
		budget := 0
		switch kind {
		case 1: // unchoke
			budget = 16
		case 7: // piece
			at := int(binary.BigEndian.Uint32(body))*pieceLen + int(binary.BigEndian.Uint32(body[4:]))
			came += copy(got[at:], body[8:])
			budget = 1
		}
		for ; budget > 0 && asked < size; budget-- {
			n := min(blockLen, size-asked)
			if err := say(c, 6, numbers(uint32(asked/pieceLen), uint32(asked%pieceLen), uint32(n))...); err != nil {
				return nil, err
			}
			asked += n
		}
	}
	return got, nil
}

// serve gives everything that is asked for, until the peer leaves.
func serve(c net.Conn, data []byte) error {
	pieces := (len(data) + pieceLen - 1) / pieceLen
	field := make([]byte, (pieces+7)/8)
	for i := range pieces {
		field[i/8] |= 0x80 >> (i % 8)
	}
	if err := errors.Join(say(c, 5, field...), say(c, 1)); err != nil {
		return err
	}
	for {
		kind, body, err := message(c)
		if err != nil {
			return err
		}
		if kind != 6 {
			continue
		}
		index, begin, n := binary.BigEndian.Uint32(body), binary.BigEndian.Uint32(body[4:]), binary.BigEndian.Uint32(body[8:])
		at := int(index)*pieceLen + int(begin)
		if err := say(c, 7, append(numbers(index, begin), data[at:at+int(n)]...)...); err != nil {
			return err
		}
	}
}

// visit reads everything that a client has, leaves and comes back.
func visit(t *testing.T, s *Socket, peer *client) {
	t.Helper()
	for visit, leave := range []func(*Conn) error{(*Conn).Abort, (*Conn).Abort, (*Conn).Close} {
		c, err := s.Dial(context.Background(), peer.addr)
		if err != nil {
			t.Fatalf("visit %d: %v", visit, err)
		}
		c.SetDeadline(time.Now().Add(time.Minute))
		if err := handshake(c, peer.hash); err != nil {
			t.Fatalf("visit %d: %v", visit, err)
		}
		begun := time.Now()
		got, err := fetch(c, len(peer.content))
		if err != nil || !bytes.Equal(got, peer.content) {
			t.Fatalf("visit %d: %d bytes, %v; want the %d of the torrent", visit, len(got), err, len(peer.content))
		}
		t.Logf("visit %d: %d bytes in %v, round trip %v", visit, len(got), time.Since(begun), c.(*Conn).RoundTrip())
		if err := leave(c.(*Conn)); err != nil {
			t.Error(err)
		}
		// Transmission takes half a second to see that a peer has left.
		time.Sleep(time.Second)
	}
	for s.Conns() > 0 {
		time.Sleep(100 * time.Millisecond) // the deadline of the test ends this
	}
}

// Clients without TCP are read like any other.
func TestDialLibtorrent(t *testing.T) {
	for _, where := range []string{"127.0.0.1", "::1"} {
		t.Run(where, func(t *testing.T) {
			peer := libtorrent(t, 4<<20+100, where)
			visit(t, onLoopback(t, net.JoinHostPort(where, "0"), Options{}), peer)
		})
	}
}

// rough is a real socket on a bad network.
type rough struct {
	net.PacketConn
	weather
	late sync.WaitGroup
}

func (r *rough) WriteTo(b []byte, to net.Addr) (int, error) {
	if rand.Float64() < r.loss {
		return len(b), nil
	}
	b = bytes.Clone(b)
	r.late.Add(1)
	time.AfterFunc(r.delay+time.Duration(rand.Float64()*float64(r.jitter)), func() {
		defer r.late.Done()
		r.PacketConn.WriteTo(b, to)
	})
	return len(b), nil
}

func (r *rough) ReadFrom(b []byte) (int, net.Addr, error) {
	for {
		n, from, err := r.PacketConn.ReadFrom(b)
		if err != nil || rand.Float64() >= r.loss {
			return n, from, err
		}
	}
}

// A real client and we understand each other's acks when packets get lost and
// overtake each other, whoever sends. One transfer in some hundred is beyond
// help: libtorrent ends a conversation when a packet is lost three times.
func TestLibtorrentInWeather(t *testing.T) {
	bad := weather{loss: 0.02, delay: 10 * time.Millisecond, jitter: 10 * time.Millisecond}
	t.Run("it sends", func(t *testing.T) {
		peer := libtorrent(t, 1<<18, "127.0.0.1")
		r := &rough{PacketConn: udp(t), weather: bad}
		defer r.late.Wait()
		s := Open(r, Options{Tries: 8})
		defer s.Close()
		visit(t, s, peer)
	})
	t.Run("we send", func(t *testing.T) {
		r := &rough{PacketConn: udp(t), weather: bad}
		defer r.late.Wait()
		s := Open(r, Options{Tries: 8, Backlog: 1})
		defer s.Close()
		leech(t, s, libtorrent(t, 1<<18, "127.0.0.1", s.Addr().String()))
	})
}

// Who leaves by RESET may come back from the same port at once.
func TestComeBackToLibtorrent(t *testing.T) {
	peer := libtorrent(t, 1<<20, "127.0.0.1")
	s := onLoopback(t, "127.0.0.1:0", Options{CloseByReset: true})
	for visit := range 5 {
		c, err := s.Dial(context.Background(), peer.addr)
		if err != nil {
			t.Fatalf("visit %d: %v", visit, err)
		}
		c.SetDeadline(time.Now().Add(time.Minute))
		if err := handshake(c, peer.hash); err != nil {
			t.Fatalf("visit %d: %v", visit, err)
		}
		if _, _, err := message(c); err != nil {
			t.Fatalf("visit %d: %v", visit, err)
		}
		c.Close()
	}
}

func TestDialTransmission(t *testing.T) {
	peer := transmission(t, 4<<20+100)
	s := onLoopback(t, "127.0.0.1:0", Options{})
	for {
		// It needs some time to start, and to check what it has.
		c, err := s.Dial(context.Background(), peer.addr)
		if err == nil {
			c.SetDeadline(time.Now().Add(5 * time.Second))
			err = handshake(c, peer.hash)
			c.(*Conn).Abort()
		}
		if err == nil {
			break
		}
		time.Sleep(time.Second) // the deadline of the test ends this
	}
	time.Sleep(time.Second)
	visit(t, s, peer)
}

// A client without TCP calls us and gets everything from us.
func TestLibtorrentDials(t *testing.T) {
	for _, where := range []string{"127.0.0.1", "::1"} {
		t.Run(where, func(t *testing.T) {
			s := onLoopback(t, net.JoinHostPort(where, "0"), Options{Backlog: 4})
			peer := libtorrent(t, 4<<20+100, where, s.Addr().String())
			leech(t, s, peer)
		})
	}
}

// leech serves a client that calls us.
func leech(t *testing.T, s *Socket, peer *client) {
	t.Helper()
	c, err := s.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := handshake(c, peer.hash); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	begun := time.Now()
	go func() { ended <- serve(c, peer.content) }()
	for peer.lines.Scan() {
		if peer.lines.Text() == "1.000" {
			t.Logf("%d bytes in %v, round trip %v", len(peer.content), time.Since(begun), c.(*Conn).RoundTrip())
			c.SetReadDeadline(time.Unix(1, 0))
			<-ended
			return
		}
	}
	t.Errorf("libtorrent never got everything: %v", <-ended)
}
