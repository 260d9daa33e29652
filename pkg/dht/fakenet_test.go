package dht

import (
	"context"
	"math/rand/v2"
	"net"
	"net/netip"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"btkit/pkg/benc"
)

// fakeDHT is a small DHT of nodes that answer as they should, unless a test
// makes some of them misbehave. Each knows a few nodes per distance, as a
// routing table would.
type fakeDHT struct {
	chance *rand.Rand
	nodes  []*fakeNode
	at     map[netip.AddrPort]*fakeNode

	mu      sync.Mutex
	queries []fakeQuery        // in the order of their arrival
	sources map[netip.Addr]int // queries by sender, on real sockets
}

type fakeQuery struct {
	at     time.Time
	to     netip.AddrPort
	target ID
	scrape bool
	method string
	ro     bool
	want   []string
	tid    string
}

type fakeNode struct {
	id    ID
	addr  netip.AddrPort
	table []*fakeNode
	rtt   time.Duration
	store map[ID]*fakeStore

	silent      bool
	filtersOnly bool // answers a scrape without values, as libtorrent does
	noFilters   bool
	most        int // values per answer, by chance
	// spoil changes the answer, or replaces it.
	spoil func(q fakeQuery, answer map[string]any) []byte
}

type fakeStore struct{ seeds, others []netip.AddrPort }

// newFakeDHT makes n nodes at the addresses that addr gives.
func newFakeDHT(seed uint64, n int, addr func(i int) netip.AddrPort) *fakeDHT {
	d := &fakeDHT{chance: rand.New(rand.NewPCG(seed, seed)), at: map[netip.AddrPort]*fakeNode{}, sources: map[netip.Addr]int{}}
	for i := range n {
		node := &fakeNode{id: d.randomID(), addr: addr(i), rtt: 20 * time.Millisecond, store: map[ID]*fakeStore{}, most: 60}
		d.nodes = append(d.nodes, node)
		d.at[node.addr] = node
	}
	for _, node := range d.nodes {
		d.fillTable(node)
	}
	return d
}

func (d *fakeDHT) randomID() (id ID) {
	for i := range id {
		id[i] = byte(d.chance.Uint32())
	}
	return id
}

// fillTable gives a node eight others for each number of shared bits.
func (d *fakeDHT) fillTable(node *fakeNode) {
	perBucket := map[int]int{}
	for _, i := range d.chance.Perm(len(d.nodes)) {
		other := d.nodes[i]
		bucket := sharedBits(node.id, other.id)
		if other != node && perBucket[bucket] < closestK {
			perBucket[bucket]++
			node.table = append(node.table, other)
		}
	}
}

// closest sorts all nodes by their distance to the target.
func (d *fakeDHT) closest(target ID) []*fakeNode {
	return closestOf(d.nodes, target)
}

func closestOf(nodes []*fakeNode, target ID) []*fakeNode {
	sorted := slices.Clone(nodes)
	slices.SortFunc(sorted, func(a, b *fakeNode) int { return compareDistance(target, a.id, b.id) })
	return sorted
}

// announce stores peers at the n nodes closest to the torrent.
func (d *fakeDHT) announce(hash ID, n int, seeds, others []netip.AddrPort) {
	d.mu.Lock() // nodes on real sockets answer already
	defer d.mu.Unlock()
	for _, node := range d.closest(hash)[:n] {
		s := node.store[hash]
		if s == nil {
			s = &fakeStore{}
			node.store[hash] = s
		}
		s.seeds = append(s.seeds, seeds...)
		s.others = append(s.others, others...)
	}
}

// receive is the network's side of a datagram to a node: its answer, nil for
// none, and the time that it takes.
func (d *fakeDHT) receive(b []byte, to netip.AddrPort) ([]byte, time.Duration) {
	v, _, _, err := benc.Parse(b, benc.Limits{})
	if err != nil {
		return nil, 0
	}
	args := v.Get("a")
	method := v.Get("q").Text()
	hash, _ := args.Get(map[string]string{"get_peers": "info_hash", "find_node": "target"}[method]).Bytes()
	scrape, _ := args.Get("scrape").Int()
	ro, _ := v.Get("ro").Int()
	q := fakeQuery{at: time.Now(), to: to, scrape: scrape == 1, ro: ro == 1, method: method, tid: v.Get("t").Text()}
	copy(q.target[:], hash)
	for item := range args.Get("want").List() {
		q.want = append(q.want, item.Text())
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.queries = append(d.queries, q)
	node := d.at[to]
	if node == nil || node.silent || len(hash) != len(q.target) {
		return nil, 0
	}
	return d.answer(node, q), node.rtt
}

func (d *fakeDHT) answer(node *fakeNode, q fakeQuery) []byte {
	r := map[string]any{"id": string(node.id[:]), "token": "tok"}
	d.listNodes(node, q.target, r)
	if s := node.store[q.target]; s != nil && q.method == "get_peers" {
		d.listPeers(node, s, q.scrape, r)
	}
	msg := map[string]any{"t": q.tid, "y": "r", "r": r, "v": "TE\x00\x01"}
	if node.spoil != nil {
		if b := node.spoil(q, msg); b != nil {
			return b
		}
	}
	return mustEncode(msg)
}

func (d *fakeDHT) listNodes(node *fakeNode, target ID, r map[string]any) {
	var nodes []byte
	for _, near := range closestOf(node.table, target)[:min(closestK, len(node.table))] {
		nodes = append(nodes, near.id[:]...)
		nodes = appendPeer(nodes, near.addr)
	}
	if node.addr.Addr().Is4() {
		r["nodes"] = string(nodes)
	} else {
		r["nodes6"] = string(nodes)
	}
}

func (d *fakeDHT) listPeers(node *fakeNode, s *fakeStore, scrape bool, r map[string]any) {
	if scrape && !node.noFilters {
		var seeds, others Filter
		for _, p := range s.seeds {
			seeds.Add(p.Addr())
		}
		for _, p := range s.others {
			others.Add(p.Addr())
		}
		r["BFsd"], r["BFpe"] = string(seeds[:]), string(others[:])
		if node.filtersOnly {
			return
		}
	}
	all := append(slices.Clone(s.seeds), s.others...)
	if node.most < len(all) {
		d.chance.Shuffle(len(all), func(i, k int) { all[i], all[k] = all[k], all[i] })
		all = all[:node.most]
	}
	var values []string
	for _, p := range all {
		values = append(values, string(appendPeer(nil, p)))
	}
	r["values"] = values
}

// mustEncode encodes what a test made itself, which cannot fail.
func mustEncode(v any) []byte {
	b, _ := benc.Encode(v)
	return b
}

// log gives the queries so far.
func (d *fakeDHT) log() []fakeQuery {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.queries)
}

// fakeConn is a socket on the fake DHT. It works in a synctest bubble: time
// passes only while everybody waits.
type fakeConn struct {
	dht    *fakeDHT
	in     chan fakeDatagram // answers on their way; more than can be open at once
	closed chan struct{}
	once   sync.Once
	errs   chan error // read errors to give
}

type fakeDatagram struct {
	b    []byte
	from netip.AddrPort
}

func (d *fakeDHT) socket() *fakeConn {
	return &fakeConn{dht: d, in: make(chan fakeDatagram, 4096), closed: make(chan struct{}), errs: make(chan error, 16)}
}

func (c *fakeConn) WriteTo(b []byte, addr net.Addr) (int, error) {
	to := addr.(*net.UDPAddr).AddrPort()
	to = netip.AddrPortFrom(to.Addr().Unmap(), to.Port())
	answer, rtt := c.dht.receive(slices.Clone(b), to)
	if answer != nil {
		time.AfterFunc(rtt, func() { c.in <- fakeDatagram{answer, to} })
	}
	return len(b), nil
}

func (c *fakeConn) ReadFrom(b []byte) (int, net.Addr, error) {
	select {
	case d := <-c.in:
		return copy(b, d.b), net.UDPAddrFromAddrPort(d.from), nil
	case err := <-c.errs:
		return 0, nil, err
	case <-c.closed:
		return 0, nil, net.ErrClosed
	}
}

func (c *fakeConn) Close() error {
	c.once.Do(func() { close(c.closed) })
	return nil
}

func (c *fakeConn) LocalAddr() net.Addr {
	return net.UDPAddrFromAddrPort(netip.MustParseAddrPort("127.0.0.1:1"))
}
func (c *fakeConn) SetDeadline(time.Time) error      { return nil }
func (c *fakeConn) SetReadDeadline(time.Time) error  { return nil }
func (c *fakeConn) SetWriteDeadline(time.Time) error { return nil }

// client opens a client on the fake DHT, with its first node as bootstrap.
func (d *fakeDHT) client(t *testing.T, change func(*Config)) *Client {
	t.Helper()
	config := Config{
		Bootstrap: []string{d.nodes[0].addr.String()},
		Families:  []Family{familyOf(d.nodes[0].addr.Addr())},
		Allow:     func(netip.Addr) error { return nil },
		Listen:    func(Family) (net.PacketConn, error) { return d.socket(), nil },
		NodeQuota: -1,
	}
	if change != nil {
		change(&config)
	}
	c, err := Open(config)
	if err != nil {
		t.Fatalf("open client: %v", err)
	}
	return c
}

// lookup runs one lookup and gives the peers that it found.
func lookupOnce(t *testing.T, c *Client, hash ID) (map[netip.AddrPort]int, Result) {
	t.Helper()
	found := map[netip.AddrPort]int{}
	r := c.Lookup(context.Background(), c.Families()[0], hash, func(f Found) { found[f.Peer]++ })
	return found, r
}

// bubble runs a test in fake time. The race detector of Go 1.26 itself crashes,
// now and then, in such a bubble with hundreds of goroutines (SIGSEGV in its stack
// depot); under it only the tests on real sockets run, over the same code.
func bubble(t *testing.T, f func(t *testing.T)) {
	t.Helper()
	if underRace {
		t.Skip("the race detector of Go 1.26 crashes in fake time; this test runs without it, and TestRealSockets with it")
	}
	synctest.Test(t, f)
}

// loopback gives node i an address of its own in 127.0.0.0/8.
func loopback(i int) netip.AddrPort {
	return netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 7, byte(i / 200), byte(1 + i%200)}), 6881)
}

// public gives node i an address in a /16 of its own, out of 11.0.0.0/8 and up.
func public(i int) netip.AddrPort {
	return netip.AddrPortFrom(netip.AddrFrom4([4]byte{byte(11 + i/250), byte(i % 250), 1, 1}), 6881)
}

// publicIPv6 gives node i an address in a /32 of its own.
func publicIPv6(i int) netip.AddrPort {
	return netip.AddrPortFrom(netip.AddrFrom16([16]byte{0x26, 0x10, byte(i >> 8), byte(i), 15: 1}), 6881)
}

// somePeers makes n peers with addresses of their own.
func somePeers(from, n int) (peers []netip.AddrPort) {
	for i := from; i < from+n; i++ {
		peers = append(peers, netip.AddrPortFrom(netip.AddrFrom4([4]byte{93, byte(i >> 8), byte(i), 7}), 51413))
	}
	return peers
}
