package swarm

import (
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"net/netip"
	"sync"
	"testing"
	"time"

	"btkit/pkg/lab/script"
	"btkit/pkg/lab/trackerd"
	"btkit/pkg/peerwire"
)

// patience bounds every wait of a test; none of them expects to use it up.
const patience = 20 * time.Second

// lab is a swarm with its table.
type lab struct {
	*Swarm
	table *trackerd.Table
}

func act(t *testing.T, s *script.Script) lab {
	t.Helper()
	return actWith(t, s, Options{})
}

func actWith(t *testing.T, s *script.Script, o Options) lab {
	t.Helper()
	var hashes []trackerd.Hash
	for i := range s.Torrents {
		hashes = append(hashes, s.Torrents[i].InfoHash)
	}
	table := trackerd.NewTable(rand.New(rand.NewPCG(1, 1)), hashes...)
	o.Script, o.Table, o.Poll = s, table, 20*time.Millisecond
	sw, err := Start(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := sw.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
			t.Errorf("close: %v", err)
		}
	})
	return lab{sw, table}
}

// solo is a play with one peer, an unhurried seed unless changed.
func solo(t *testing.T, client string, change func(*script.Peer)) *script.Script {
	t.Helper()
	o := script.Defaults()
	o.Leechers, o.Seeds, o.Partial, o.Super, o.Unreachable = 0, 1, 0, 0, 0
	o.Pieces, o.Lazy, o.Early, o.Busy, o.Present = 100, 0, 0, 0, 1
	s, err := script.New(o)
	if err != nil {
		t.Fatal(err)
	}
	p := &s.Peers[0]
	for _, c := range script.Clients {
		if c.IDPrefix == client {
			p.Client = c
			copy(p.ID[:], c.IDPrefix)
		}
	}
	p.Client.Bungles, p.Client.Slow = 0, 0
	p.Port, p.Dials = uint16(20000+rand.IntN(10000)), false
	change(p)
	p.Last = max(p.First, p.Last)
	return s
}

// where waits until peer i has arrived and gives its address.
func (l lab) where(t *testing.T, i int) netip.AddrPort {
	t.Helper()
	p := l.peers[i]
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(time.Millisecond) {
		p.mu.Lock()
		here, addr := p.here, p.addr()
		p.mu.Unlock()
		if here {
			return addr
		}
	}
	t.Fatalf("peer %d never arrives", i)
	return netip.AddrPort{}
}

// heard is a message that a visitor got.
type heard struct {
	peerwire.Message
	at time.Time
}

// visitor is a measuring client with all extensions.
type visitor struct {
	t      *testing.T
	net    net.Conn
	theirs peerwire.Handshake
	mu     sync.Mutex
	got    []heard
	// ended is closed when the conversation is over.
	ended chan struct{}
}

const ourID = "-BK0100-abcdefghijkl"

// visit dials a peer and exchanges handshakes; nil if it refuses.
func visit(t *testing.T, to netip.AddrPort, hash [20]byte, bits uint64) *visitor {
	t.Helper()
	nc, err := net.Dial("tcp4", to.String())
	if err != nil {
		t.Fatal(err)
	}
	return meet(t, nc, hash, bits)
}

func meet(t *testing.T, nc net.Conn, hash [20]byte, bits uint64) *visitor {
	t.Helper()
	v := &visitor{t: t, net: nc, ended: make(chan struct{})}
	t.Cleanup(func() { nc.Close() })
	nc.SetDeadline(time.Now().Add(patience))
	h := peerwire.Handshake{Reserved: peerwire.Reserved(bits), InfoHash: hash, PeerID: [20]byte([]byte(ourID))}
	v.send(h.Append(nil))
	buf := make([]byte, peerwire.HandshakeLen)
	if _, err := io.ReadFull(nc, buf); err != nil {
		nc.Close()
		return nil
	}
	var err error
	if v.theirs, err = peerwire.ParseHandshake(buf); err != nil {
		t.Fatal(err)
	}
	go v.listen()
	return v
}

func (v *visitor) send(b []byte) {
	if _, err := v.net.Write(b); err != nil {
		v.t.Logf("send: %v", err)
	}
}

func (v *visitor) listen() {
	defer close(v.ended)
	var d peerwire.Decoder
	buf := make([]byte, 4096)
	for {
		n, err := v.net.Read(buf)
		at := time.Now()
		bad := d.Feed(buf[:n], func(m peerwire.Message) error {
			m.Payload = append([]byte(nil), m.Payload...)
			v.mu.Lock()
			v.got = append(v.got, heard{m, at})
			v.mu.Unlock()
			return nil
		})
		if bad != nil || err != nil {
			return
		}
	}
}

// messages is what has come so far.
func (v *visitor) messages() []heard {
	v.mu.Lock()
	defer v.mu.Unlock()
	return append([]heard(nil), v.got...)
}

// until waits until enough has come.
func (v *visitor) until(what string, enough func([]heard) bool) []heard {
	v.t.Helper()
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(2 * time.Millisecond) {
		if got := v.messages(); enough(got) {
			return got
		}
	}
	v.t.Fatalf("%s: never came; got %v", what, v.messages())
	return nil
}

// over waits for the end of the conversation.
func (v *visitor) over() {
	v.t.Helper()
	select {
	case <-v.ended:
	case <-time.After(patience):
		v.t.Fatal("the conversation does not end")
	}
}

// has counts the pieces of all that was heard.
func has(got []heard, pieces int) int {
	set := make([]bool, pieces)
	for _, m := range got {
		switch m.ID {
		case peerwire.HaveAll:
			for i := range set {
				set[i] = true
			}
		case peerwire.Have:
			set[m.Index] = true
		case peerwire.BitfieldID:
			for i := range set {
				set[i] = set[i] || m.Payload[i/8]&(0x80>>(i%8)) != 0
			}
		case peerwire.Extended:
			if m.Ext == 44 {
				set[int(m.Payload[2])<<8|int(m.Payload[3])] = false
			}
		}
	}
	n := 0
	for _, s := range set {
		if s {
			n++
		}
	}
	return n
}

func first(got []heard, id peerwire.ID) *heard {
	for i := range got {
		if got[i].ID == id {
			return &got[i]
		}
	}
	return nil
}

// hello is our extension handshake: ut_pex 41, ut_metadata 42, upload_only 43,
// lt_donthave 44, with some more keys.
func hello(more string) []byte {
	return peerwire.AppendExtended(nil, 0,
		[]byte("d1:md11:lt_donthavei44e11:upload_onlyi43e11:ut_metadatai42e6:ut_pexi41ee"+more+"e"))
}
