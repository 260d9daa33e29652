package dhtd

import (
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"slices"
	"testing"
	"time"

	"btkit/pkg/benc"
)

func open(t *testing.T, opt Options) *Net {
	t.Helper()
	d, err := Open(opt)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	return d
}

// client asks nodes over a socket of its own.
type client struct {
	*testing.T
	conn net.PacketConn
}

func dial(t *testing.T) client {
	t.Helper()
	conn, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return client{t, conn}
}

// ask gives the whole answer of a node.
func (c client) ask(to netip.AddrPort, method string, args map[string]any) benc.Value {
	c.Helper()
	if _, ok := args["id"]; !ok {
		args["id"] = "iiiiiiiiiiiiiiiiiiii"
	}
	b := encode(map[string]any{"t": "ab", "y": "q", "q": method, "a": args})
	if _, err := c.conn.WriteTo(b, net.UDPAddrFromAddrPort(to)); err != nil {
		c.Fatal(err)
	}
	c.conn.SetReadDeadline(time.Now().Add(10 * time.Second))
	buf := make([]byte, 4096)
	n, from, err := c.conn.ReadFrom(buf)
	if err != nil {
		c.Fatal(err)
	}
	v, rest, odd, err := benc.Parse(buf[:n], benc.Limits{})
	if err != nil || len(rest) != 0 || odd != 0 || n > maxAnswer {
		c.Fatalf("answer of %d bytes: %v, rest %q, oddities %v", n, err, rest, odd.Strings())
	}
	if from.(*net.UDPAddr).AddrPort() != to || v.Get("t").Text() != "ab" {
		c.Fatalf("answer from %v to %q, want %v to ab", from, v.Get("t").Text(), to)
	}
	return v
}

func contacts(text string) (list []Contact) {
	for b := []byte(text); len(b) >= 26; b = b[26:] {
		addr := netip.AddrPortFrom(netip.AddrFrom4([4]byte(b[20:24])), uint16(b[24])<<8|uint16(b[25]))
		list = append(list, Contact{ID(b[:20]), addr})
	}
	return list
}

// lookup walks from one node towards the target and gives the eight closest that
// answered, and the number of questions.
func (c client) lookup(from Contact, target ID) ([]Contact, int) {
	known, asked := []Contact{from}, map[ID]bool{}
	for {
		next := slices.IndexFunc(closest(known, target, K), func(k Contact) bool { return !asked[k.ID] })
		if next < 0 {
			return closest(known, target, K), len(asked)
		}
		node := known[next]
		asked[node.ID] = true
		v := c.ask(node.Addr, "find_node", map[string]any{"target": string(target[:])})
		for _, k := range contacts(v.Get("r").Get("nodes").Text()) {
			if !slices.Contains(known, k) {
				known = append(known, k)
			}
		}
	}
}

func TestLookupsConverge(t *testing.T) {
	d, c, r := open(t, Options{Nodes: 200, Seed: 1}), dial(t), rand.New(rand.NewPCG(1, 2))
	longest := 0
	for range 40 {
		var target ID
		for i := range target {
			target[i] = byte(r.Uint32())
		}
		got, asked := c.lookup(d.Contacts()[r.IntN(200)], target)
		if want := d.Closest(target); !slices.Equal(got, want) {
			t.Errorf("lookup of %x found %v, want %v", target, got, want)
		}
		longest = max(longest, asked)
	}
	if longest < 9 || longest > 60 {
		t.Errorf("longest lookup asked %d nodes, want a walk of 9 to 60", longest)
	}
}

func TestGetPeersAndAnnounce(t *testing.T) {
	hash := ID{7: 1}
	heard := make(chan string, 10) // more than there are announces
	d := open(t, Options{Nodes: 30, Announced: func(h ID, a netip.AddrPort) { heard <- a.String() }})
	c, node := dial(t), d.Closest(hash)[0]
	args := map[string]any{"info_hash": string(hash[:])}
	r := c.ask(node.Addr, "get_peers", args).Get("r")
	if r.Get("values").Kind() != benc.Absent || len(contacts(r.Get("nodes").Text())) != K || r.Get("id").Text() != string(node.ID[:]) {
		t.Errorf("empty store answered %q", r.Raw())
	}
	args["token"], args["port"] = "wrong", 4711
	if v := c.ask(node.Addr, "announce_peer", args); v.Get("y").Text() != "e" {
		t.Errorf("wrong token answered %q, want an error", v.Raw())
	}
	args["token"] = r.Get("token").Text()
	if v := c.ask(node.Addr, "announce_peer", args); v.Get("y").Text() != "r" {
		t.Errorf("announce answered %q", v.Raw())
	}
	for value := range c.ask(node.Addr, "get_peers", args).Get("r").Get("values").List() {
		if got := value.Text(); got != "\x7f\x00\x00\x01\x12\x67" {
			t.Errorf("value %q, want 127.0.0.1:4711", got)
		}
	}
	if got := <-heard; got != "127.0.0.1:4711" || len(heard) > 0 {
		t.Errorf("told of %v and %d more, want 127.0.0.1:4711", got, len(heard))
	}
}

func TestScrapeFiltersAndLimits(t *testing.T) {
	hash := ID{9: 9}
	now := time.Unix(1000, 0)
	d := open(t, Options{Nodes: 10, Now: func() time.Time { return now }})
	for i := range 300 {
		e := Entry{Seed: i < 100}
		if i >= 290 {
			e.Until = now.Add(-time.Second)
		}
		d.Put(hash, netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 99, byte(i >> 8), byte(i)}), 5), e)
	}
	c, node := dial(t), d.Closest(hash)[K-1]
	args := map[string]any{"info_hash": string(hash[:]), "scrape": 1, "noseed": 1}
	r := c.ask(node.Addr, "get_peers", args).Get("r")
	values := 0
	for v := range r.Get("values").List() {
		values++
		if b, _ := v.Bytes(); b[1] != 99 || b[2] == 0 && b[3] < 100 {
			t.Errorf("value %v is no leecher", b)
		}
	}
	if values < 20 || values > 100 {
		t.Errorf("%d values, want 20 to 100", values)
	}
	for key, want := range map[string]int{"BFsd": 100, "BFpe": 190} {
		bits := 0
		for _, b := range []byte(r.Get(key).Text()) {
			for ; b != 0; b &= b - 1 {
				bits++
			}
		}
		if bits > 2*want || bits < 2*want*8/10 {
			t.Errorf("%s has %d bits for %d addresses", key, bits, want)
		}
	}
}

func TestBloomOfBEP33(t *testing.T) {
	var b bloom
	for i := range 256 {
		b.add(netip.AddrFrom4([4]byte{192, 0, 2, byte(i)}))
	}
	for i := range 0x3e8 {
		a := netip.MustParseAddr("2001:db8::").As16()
		a[14], a[15] = byte(i>>8), byte(i)
		b.add(netip.AddrFrom16(a))
	}
	if got := fmt.Sprintf("%X", b[:8]); got != "F6C3F5EAA07FFD91" {
		t.Errorf("filter begins with %s, want F6C3F5EAA07FFD91", got)
	}
}

func TestOtherMethods(t *testing.T) {
	hash := ID{1}
	d, c := open(t, Options{Nodes: 12}), dial(t)
	d.Put(hash, netip.MustParseAddrPort("127.99.0.1:1"), Entry{})
	node := d.Closest(hash)[0]
	target := map[string]any{"target": string(hash[:])}
	if r := c.ask(node.Addr, "ping", map[string]any{}).Get("r"); r.Get("id").Text() != string(node.ID[:]) {
		t.Errorf("ping answered %q", r.Raw())
	}
	if r := c.ask(node.Addr, "sample_infohashes", target).Get("r"); r.Get("samples").Text() != string(hash[:]) {
		t.Errorf("samples %q, want the one torrent", r.Raw())
	}
	if r := c.ask(node.Addr, "get", target).Get("r"); len(r.Get("nodes").Text()) != K*26 {
		t.Errorf("unknown method with a target answered %q, want nodes", r.Raw())
	}
	for name, args := range map[string]map[string]any{"unheard": {}, "ping": {"id": "short"}} {
		if v := c.ask(node.Addr, name, args); v.Get("y").Text() != "e" {
			t.Errorf("%s %v answered %q, want an error", name, args, v.Raw())
		}
	}
}

// Any datagram gets an answer that is bencode and fits a packet, or none.
func FuzzAnswer(f *testing.F) {
	f.Add([]byte("d1:ad2:id20:aaaaaaaaaaaaaaaaaaaa9:info_hash20:bbbbbbbbbbbbbbbbbbbbe1:q9:get_peers1:t2:xx1:y1:qe"))
	f.Add([]byte("d1:q4:ping1:t1:x1:y1:qe"))
	d := &Net{opt: Options{}}
	n := &node{net: d, store: store{peers: map[ID]map[netip.AddrPort]Entry{}, chance: rand.New(rand.NewPCG(1, 1))}}
	f.Fuzz(func(t *testing.T, b []byte) {
		answer := n.answer(b, netip.MustParseAddrPort("127.0.0.1:9"), time.Unix(5, 0))
		if answer == nil {
			return
		}
		if size, _, err := benc.Check(answer, benc.Limits{}); err != nil || size != len(answer) || size > maxAnswer {
			t.Errorf("%q answered %q: %v", b, answer, err)
		}
	})
}
