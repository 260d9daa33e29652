//go:build interop

package interop

import (
	"io"
	"net"
	"net/netip"
	"sync"
	"time"
)

// dialBack is one connection, or one datagram, that a client sent us unasked.
type dialBack struct {
	At    time.Time
	From  netip.AddrPort
	Proto string // "tcp" or "udp"
	Plain bool   // whether it began with a plain handshake
	First []byte
	// How long we waited for these first bytes.
	Waited time.Duration
	// The conversation, if it was plain.
	peer *rawPeer
}

// rawListener takes connections of peers as a listener does that speaks
// neither encryption nor uTP: it answers plain handshakes and holds, closes
// on anything else, and leaves datagrams unanswered.
type rawListener struct {
	tcp     net.Listener
	udp     net.PacketConn
	torrent *Torrent
	wg      sync.WaitGroup

	mu   sync.Mutex
	seen []*dialBack
}

// rawListen listens on TCP and UDP with one port of ip.
func rawListen(ip netip.Addr, t *Torrent) (*rawListener, error) {
	tcp, err := net.Listen("tcp", netip.AddrPortFrom(ip, 0).String())
	if err != nil {
		return nil, err
	}
	udp, err := net.ListenPacket("udp", tcp.Addr().String())
	if err != nil {
		tcp.Close()
		return nil, err
	}
	l := &rawListener{tcp: tcp, udp: udp, torrent: t}
	l.wg.Go(l.accept)
	l.wg.Go(l.packets)
	return l, nil
}

func (l *rawListener) port() uint16 { return l.tcp.Addr().(*net.TCPAddr).AddrPort().Port() }

func (l *rawListener) accept() {
	for {
		conn, err := l.tcp.Accept()
		if err != nil {
			return
		}
		l.wg.Go(func() { l.greet(conn) })
	}
}

// greet reads the first 20 bytes, and the handshake if they are plain.
func (l *rawListener) greet(conn net.Conn) {
	at := time.Now()
	hello := make([]byte, 68)
	conn.SetReadDeadline(at.Add(15 * time.Second))
	n, err := io.ReadFull(conn, hello[:20])
	d := l.note(conn.RemoteAddr(), at, "tcp", hello[:n])
	if err != nil || !d.Plain {
		conn.Close()
		return
	}
	if _, err := io.ReadFull(conn, hello[20:48]); err != nil {
		conn.Close()
		return
	}
	if _, err := conn.Write(rawHandshake(l.torrent, "-BK0000-rawlistener0")); err != nil {
		conn.Close()
		return
	}
	if _, err := io.ReadFull(conn, hello[48:]); err != nil {
		conn.Close()
		return
	}
	peer, err := rawHold(conn, l.torrent, string(hello[48:]), l.port())
	l.mu.Lock()
	defer l.mu.Unlock()
	if err == nil {
		d.peer = peer
	}
}

func (l *rawListener) packets() {
	packet := make([]byte, 1500)
	for {
		n, from, err := l.udp.ReadFrom(packet)
		if err != nil {
			return
		}
		l.note(from, time.Now(), "udp", append([]byte(nil), packet[:min(n, 64)]...))
	}
}

func (l *rawListener) note(from net.Addr, at time.Time, proto string, first []byte) *dialBack {
	addr, err := netip.ParseAddrPort(from.String())
	d := &dialBack{At: at, From: addr, Proto: proto, First: first, Waited: time.Since(at)}
	d.Plain = len(first) >= 20 && string(first[1:20]) == "BitTorrent protocol"
	l.mu.Lock()
	defer l.mu.Unlock()
	if err == nil {
		l.seen = append(l.seen, d)
	}
	return d
}

// from lists what came from ip so far.
func (l *rawListener) from(ip netip.Addr) (found []dialBack) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, d := range l.seen {
		if d.From.Addr() == ip {
			found = append(found, *d)
		}
	}
	return found
}

func (l *rawListener) close() {
	l.tcp.Close()
	l.udp.Close()
	l.wg.Wait()
	for _, d := range l.seen {
		if d.peer != nil {
			d.peer.close()
		}
	}
}
