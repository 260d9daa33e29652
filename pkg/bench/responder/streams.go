//go:build linux

package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"syscall"

	"btkit/pkg/peerwire"
	"btkit/pkg/transport/mse"
	"btkit/pkg/transport/utp"
	"btkit/pkg/visit"
)

// backlog is how many uTP streams may wait; as many as a client opens at once.
const backlog = 4096

// streams is all peers over one listener, a goroutine each, so that the same
// code answers over every transport and encryption.
type streams struct {
	*words
	listener net.Listener
	at       int
	receiver *mse.Receiver // nil in the clear
}

func newStreams(way, torrent string, w *words) (s *streams, err error) {
	s = &streams{words: w}
	switch way {
	case "plain":
	case "rc4":
		s.receiver, err = encrypted(mse.RC4, torrent)
	case "mse-plain":
		s.receiver, err = encrypted(mse.Plain|mse.RC4, torrent)
	case "utp":
		return s, s.listenUDP()
	default:
		err = fmt.Errorf("way is %q, expected plain, rc4, mse-plain or utp", way)
	}
	if err != nil {
		return nil, err
	}
	return s, s.listenTCP()
}

// encrypted answers for one torrent.
func encrypted(methods mse.Method, torrent string) (*mse.Receiver, error) {
	infohash, err := visit.ParseInfoHash(torrent)
	if err != nil {
		return nil, fmt.Errorf("read torrent: %w", err)
	}
	keys := new(mse.Keys)
	keys.Add(infohash)
	return mse.NewReceiver(keys, mse.Options{Methods: methods, Rand: shortKeys{}, Exchanges: backlog}), nil
}

// anywhere is every loopback address.
var anywhere = net.ListenConfig{Control: func(_, _ string, c syscall.RawConn) error {
	var err error
	if failed := c.Control(func(fd uintptr) { err = onlyLoopback(int(fd)) }); failed != nil {
		return failed
	}
	return err
}}

func (s *streams) listenTCP() error {
	l, err := anywhere.Listen(context.Background(), "tcp4", "0.0.0.0:0")
	if err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	s.listener, s.at = l, l.Addr().(*net.TCPAddr).Port
	return nil
}

func (s *streams) listenUDP() error {
	conn, err := anywhere.ListenPacket(context.Background(), "udp4", "0.0.0.0:0")
	if err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	by, err := newByAddress(conn.(*net.UDPConn))
	if err != nil {
		return err
	}
	s.listener, s.at = utp.Open(by, utp.Options{Backlog: backlog, MaxConns: 1 << 20}), conn.LocalAddr().(*net.UDPAddr).Port
	return nil
}

func (s *streams) port() int { return s.at }

func (s *streams) serve() error {
	for {
		conn, err := s.listener.Accept()
		if err != nil {
			return fmt.Errorf("accept: %w", err)
		}
		go s.talk(conn)
	}
}

// talk answers one client; what ends it shows on the client's side.
func (s *streams) talk(conn net.Conn) {
	defer conn.Close()
	stream, b := conn, make([]byte, peerwire.HandshakeLen)
	if s.receiver != nil {
		var err error
		if stream, _, err = s.receiver.Accept(conn, nil); err != nil {
			return
		}
	}
	if _, err := io.ReadFull(stream, b); err != nil {
		return
	}
	if _, err := stream.Write(s.hello(b, nil)); err != nil {
		return
	}
	if _, err := stream.Read(b); err != nil {
		return
	}
	_, err := stream.Write(s.pieces)
	for err == nil {
		_, err = stream.Read(b)
	}
}
