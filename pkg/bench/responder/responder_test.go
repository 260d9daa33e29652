//go:build linux

package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/netip"
	"testing"
	"time"

	"btkit/pkg/peerwire"
	"btkit/pkg/transport/mse"
	"btkit/pkg/transport/utp"
)

const patience = 20 * time.Second

// All ways lead to the same words, at any loopback address.
func TestAnswers(t *testing.T) {
	infohash := [20]byte{1, 2, 3}
	for way, want := range map[string]string{"": "", "plain": "", "rc4": "rc4", "mse-plain": "mse-plain", "utp": ""} {
		t.Run("way "+way, func(t *testing.T) {
			w := newWords(8)
			s, err := open(way, fmt.Sprintf("%x", infohash), w)
			if err != nil {
				t.Fatal(err)
			}
			go s.serve() // until the process ends, as the command does
			conn := dial(t, way, netip.AddrPortFrom(netip.MustParseAddr("127.88.7.6"), uint16(s.port())))
			defer conn.Close()
			conn.SetDeadline(time.Now().Add(patience))
			hello := peerwire.Handshake{InfoHash: infohash}.Append(nil)
			if want == "" {
				conn.Write(hello)
			} else {
				stream, got, err := mse.Initiate(conn, infohash, hello, mse.Options{})
				if err != nil || got.Crypto() != want {
					t.Fatalf("agreed on %q, %v, want %q", got.Crypto(), err, want)
				}
				conn = stream
			}
			expect(t, conn, w.hello(hello, nil))
			conn.Write(peerwire.AppendKeepAlive(nil))
			expect(t, conn, w.pieces)
		})
	}
}

func dial(t *testing.T, way string, to netip.AddrPort) net.Conn {
	t.Helper()
	if way != "utp" {
		conn, err := net.Dial("tcp", to.String())
		if err != nil {
			t.Fatal(err)
		}
		return conn
	}
	udp, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	socket := utp.Open(udp, utp.Options{})
	t.Cleanup(func() { socket.Close() })
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	conn, err := socket.Dial(ctx, to)
	if err != nil {
		t.Fatal(err)
	}
	return conn
}

func expect(t *testing.T, r io.Reader, want []byte) {
	t.Helper()
	got := make([]byte, len(want))
	if _, err := io.ReadFull(r, got); err != nil || !bytes.Equal(got, want) {
		t.Fatalf("got %x, %v, want %x", got, err, want)
	}
}

func TestUnknownWay(t *testing.T) {
	if _, err := open("carrier pigeon", "", newWords(0)); err == nil {
		t.Error("got no error")
	}
}
