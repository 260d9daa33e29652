package resolve

import (
	"context"
	"crypto/sha1"
	"fmt"
	"io"
	"net"
	"net/netip"
	"strings"
	"sync"
	"testing"

	"btkit/pkg/metainfo"
	"btkit/pkg/peerwire"
)

// theirID is the number under which the peers of these tests take ut_metadata.
const theirID = 7

// makeInfo is an info dictionary of about 20 bytes per piece.
func makeInfo(pieces int) []byte {
	return fmt.Appendf(nil, "d6:lengthi%de4:name4:demo12:piece lengthi16384e6:pieces%d:%se",
		pieces*16384, pieces*20, strings.Repeat("01234567890123456789", pieces))
}

// padInfo is an info dictionary of exactly so many bytes, tens of thousands.
func padInfo(size int) []byte {
	info := makeInfo(3)
	n := size - len(info) - len("1:z00000:")
	return fmt.Appendf(info[:len(info)-1], "1:z%d:%0*de", n, n, 0)
}

func targetOf(info []byte) Target {
	v1 := sha1.Sum(info)
	return Target{InfoHash: v1, V1: &v1}
}

// peer is a scripted peer. The zero value of each member behaves well.
type peer struct {
	info     []byte
	size     int64 // metadata_size told, len(info) if 0
	noExt    bool
	otherID  bool // answers with another info-hash
	silent   bool // takes the connection and says nothing
	answer   func(block int) []byte
	greeting []byte // sent before the extension handshake
}

// listen starts the peer on its own loopback address.
func (p peer) listen(t *testing.T, host string) netip.AddrPort {
	t.Helper()
	l, err := net.Listen("tcp", net.JoinHostPort(host, "0"))
	if err != nil {
		t.Fatal(err)
	}
	var wait sync.WaitGroup
	t.Cleanup(func() { l.Close(); wait.Wait() })
	wait.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			wait.Go(func() {
				defer conn.Close()
				p.serve(conn)
			})
		}
	})
	return netip.MustParseAddrPort(l.Addr().String())
}

func (p peer) serve(conn net.Conn) {
	b := make([]byte, peerwire.HandshakeLen)
	if _, err := io.ReadFull(conn, b); err != nil {
		return
	}
	if p.silent {
		_, _ = io.Copy(io.Discard, conn)
		return
	}
	h, err := peerwire.ParseHandshake(b)
	if err != nil {
		return
	}
	h.PeerID = [20]byte{'p'}
	if p.otherID {
		h.InfoHash[0]++
	}
	if p.noExt {
		h.Reserved = [8]byte{}
	}
	out := append(h.Append(nil), p.greeting...)
	size := p.size
	if size == 0 {
		size = int64(len(p.info))
	}
	out = peerwire.AppendExtHandshake(out, peerwire.ExtHandshake{M: map[string]uint8{peerwire.NameMetadata: theirID}, MetadataSize: size})
	if _, err := conn.Write(peerwire.AppendHaveAll(out)); err == nil {
		p.converse(conn)
	}
}

// converse answers requests for blocks until the other side leaves.
func (p peer) converse(conn net.Conn) {
	var decoder peerwire.Decoder
	ours := uint8(0)
	handle := func(m peerwire.Message) error {
		if m.ID != peerwire.Extended {
			return nil
		}
		if m.Ext == 0 {
			e, err := peerwire.ParseExtHandshake(m.Payload)
			ours = e.ID(peerwire.NameMetadata)
			return err
		}
		request, err := peerwire.ParseMetadata(m.Payload)
		if err != nil || m.Ext != theirID {
			return fmt.Errorf("extension message %d: %w", m.Ext, err)
		}
		_, err = conn.Write(p.reply(ours, request.Piece))
		return err
	}
	buf := make([]byte, 4096)
	for {
		n, err := conn.Read(buf)
		if err != nil || decoder.Feed(buf[:n], handle) != nil {
			return
		}
	}
}

func (p peer) reply(id uint8, block int) []byte {
	if p.answer != nil {
		return p.answer(block)
	}
	return data(id, p.info, block)
}

func data(id uint8, info []byte, block int) []byte {
	from := block * peerwire.MetadataBlock
	to := min(from+peerwire.MetadataBlock, len(info))
	return peerwire.AppendMetadataData(nil, id, block, int64(len(info)), info[from:to])
}

func dial(ctx context.Context, to netip.AddrPort) (net.Conn, error) {
	var d net.Dialer
	return d.DialContext(ctx, "tcp", to.String())
}

// candidates is a closed channel of addresses.
func candidates(addrs ...netip.AddrPort) <-chan netip.AddrPort {
	c := make(chan netip.AddrPort, len(addrs))
	for _, a := range addrs {
		c <- a
	}
	close(c)
	return c
}

func sameInfo(t *testing.T, got *metainfo.Torrent, want []byte) {
	t.Helper()
	if got == nil || string(got.Info) != string(want) {
		t.Errorf("got %v; want the info dictionary of %d bytes", got, len(want))
	}
}
