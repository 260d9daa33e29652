package dhtd

import (
	"crypto/rand"
	"errors"
	"fmt"
	mrand "math/rand/v2"
	"net"
	"net/netip"
	"slices"
	"sync"
	"time"
)

// Options of a DHT.
type Options struct {
	// Number of nodes.
	Nodes int
	// Seed of the ids and of the routing tables.
	Seed uint64
	// How long an announce is kept; 0 means 45 minutes.
	Expiry time.Duration
	// Clock; nil means time.Now.
	Now func() time.Time
	// Called for each announce that came over the network; may be nil.
	Announced func(hash ID, addr netip.AddrPort)
}

// Net is all nodes of the lab's DHT.
type Net struct {
	opt   Options
	nodes []*node
	all   []Contact
	wait  sync.WaitGroup

	mu sync.Mutex
	// nodes closest to the torrents that peers have been put under
	near map[ID][]*node
}

// node is one node.
type node struct {
	net   *Net
	id    ID
	conn  net.PacketConn
	table []Contact
	store store
	// key of its tokens
	secret [16]byte
}

// Open starts the nodes on 127.1 to 127.9, a free port each. Close ends them.
func Open(opt Options) (*Net, error) {
	if opt.Expiry == 0 {
		opt.Expiry = 45 * time.Minute
	}
	if opt.Now == nil {
		opt.Now = time.Now
	}
	d := &Net{opt: opt, near: map[ID][]*node{}}
	r := mrand.New(mrand.NewPCG(opt.Seed, 3))
	for i := range opt.Nodes {
		n, err := d.open(i, r)
		if err != nil {
			return nil, errors.Join(fmt.Errorf("dht node %d: %w", i+1, err), d.Close())
		}
		d.nodes = append(d.nodes, n)
		d.all = append(d.all, Contact{n.id, n.addr()})
	}
	for _, n := range d.nodes {
		n.table = routes(n.id, d.all)
		r.Shuffle(len(d.all), func(i, j int) { d.all[i], d.all[j] = d.all[j], d.all[i] })
	}
	for _, n := range d.nodes {
		d.wait.Add(1)
		go func() { defer d.wait.Done(); n.serve() }()
	}
	return d, nil
}

func (d *Net) open(i int, r *mrand.Rand) (*node, error) {
	ip := netip.AddrFrom4([4]byte{127, byte(1 + i%9), byte(i / 9 % 256), byte(1 + i/2304%254)})
	conn, err := net.ListenPacket("udp4", netip.AddrPortFrom(ip, 0).String())
	if err != nil {
		return nil, err
	}
	n := &node{net: d, conn: conn, store: store{peers: map[ID]map[netip.AddrPort]Entry{}, chance: mrand.New(mrand.NewPCG(d.opt.Seed, uint64(i)+4))}}
	for j := range n.id {
		n.id[j] = byte(r.Uint32())
	}
	if _, err := rand.Read(n.secret[:]); err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	return n, nil
}

func (n *node) addr() netip.AddrPort { return n.conn.LocalAddr().(*net.UDPAddr).AddrPort() }

func (n *node) serve() {
	buf := make([]byte, maxQuery)
	for {
		size, from, err := n.conn.ReadFrom(buf)
		if err != nil {
			return
		}
		addr := from.(*net.UDPAddr).AddrPort()
		addr = netip.AddrPortFrom(addr.Addr().Unmap(), addr.Port())
		if answer := n.answer(buf[:size], addr, n.net.opt.Now()); answer != nil {
			n.conn.WriteTo(answer, from)
		}
	}
}

// Contacts is all nodes, for bootstrap lists.
func (d *Net) Contacts() []Contact { return append([]Contact(nil), d.all...) }

// Closest is the K nodes closest to target, as a perfect lookup finds them.
func (d *Net) Closest(target ID) []Contact { return closest(d.Contacts(), target, K) }

// Put stores a peer where its announce would arrive.
func (d *Net) Put(hash ID, addr netip.AddrPort, e Entry) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.near[hash] == nil {
		for _, c := range d.Closest(hash) {
			i := slices.IndexFunc(d.nodes, func(n *node) bool { return n.id == c.ID })
			d.near[hash] = append(d.near[hash], d.nodes[i])
		}
	}
	for _, n := range d.near[hash] {
		n.store.put(hash, addr, e)
	}
}

// Close ends all nodes and waits for them.
func (d *Net) Close() error {
	var err error
	for _, n := range d.nodes {
		err = errors.Join(err, n.conn.Close())
	}
	d.wait.Wait()
	return err
}
