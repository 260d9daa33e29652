package dht

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"

	"btkit/pkg/benc"
	"btkit/pkg/outcome"
)

// maxDatagram is the longest datagram read: what a network of 1500 bytes per
// frame carries, and some room.
const maxDatagram = 2048

// maxValues bounds the peers read from one answer; a datagram of 1500 bytes
// has room for 185 in the usual form.
const maxValues = 512

// limits of the datagrams (BEP 5 nests three levels deep).
var limits = benc.Limits{Depth: 8, Nodes: 1000}

var (
	errNotDict = errors.New("not a dictionary")
	errNotDHT  = errors.New("not a response or error with a transaction id")
)

// reply is what a node answered, read tolerantly: whatever is not what it
// should be is left out and named in oddities.
type reply struct {
	tid      string // transaction id, as the node gave it
	id       ID
	nodes    []Node // of both families
	values   []netip.AddrPort
	seeds    *Filter // BFsd (BEP 33)
	peers    *Filter // BFpe
	token    bool
	version  string // "v": client and version, at most 16 bytes as they came
	bytes    int    // length of the datagram
	oddities []string
	// failed is what is wrong with the whole answer: an error message of the
	// node (outcome.Failure) or an answer without a sound id (Malformed).
	failed error
}

// readReply reads one datagram. Its error means that the datagram answers no
// query at all; an answer that cannot be used comes as reply.failed.
func readReply(b []byte) (*reply, error) {
	v, rest, odd, err := benc.Parse(b, limits)
	if err != nil {
		return nil, err
	}
	if v.Kind() != benc.Dict {
		return nil, errNotDict
	}
	r := &reply{tid: v.Get("t").Text(), bytes: len(b), oddities: odd.Strings()}
	if len(rest) > 0 {
		r.note("trailing-bytes")
	}
	version := v.Get("v").Text()
	r.version = version[:min(len(version), 16)]
	switch kind := v.Get("y").Text(); {
	case r.tid == "":
		return nil, errNotDHT
	case kind == "r":
		r.read(v.Get("r"))
	case kind == "e":
		r.failed = readError(v.Get("e"))
	default:
		return nil, errNotDHT
	}
	return r, nil
}

func (r *reply) note(oddity string) {
	if !slices.Contains(r.oddities, oddity) {
		r.oddities = append(r.oddities, oddity)
	}
}

// read takes the values of a response.
func (r *reply) read(v benc.Value) {
	id, _ := v.Get("id").Bytes()
	if len(id) != len(r.id) {
		r.failed = outcome.Fail(outcome.Malformed, fmt.Errorf("node id of %d bytes", len(id)))
		return
	}
	r.id = ID(id)
	r.nodes = append(r.readNodes(v.Get("nodes"), compactNode4), r.readNodes(v.Get("nodes6"), compactNode6)...)
	r.readValues(v.Get("values"))
	r.readFilters(v.Get("BFsd"), v.Get("BFpe"))
	token, _ := v.Get("token").Bytes()
	r.token = len(token) > 0
}

func (r *reply) readNodes(v benc.Value, stride int) []Node {
	b, _ := v.Bytes()
	if len(b)%stride != 0 {
		r.note("nodes-length")
	}
	return readNodes(b, stride)
}

// readValues takes a list of compact peers, or one string of them.
func (r *reply) readValues(v benc.Value) {
	if b, ok := v.Bytes(); ok {
		r.note("values-string")
		r.values = readPeers(b)
	}
	for item := range v.List() {
		b, _ := item.Bytes()
		peer, ok := readPeer(b)
		if !ok {
			r.note("values-entry")
			continue
		}
		r.values = append(r.values, peer)
	}
	r.values = r.values[:min(len(r.values), maxValues)]
}

// readFilters takes both filters, or neither if one has the wrong length.
func (r *reply) readFilters(seeds, peers benc.Value) {
	if seeds.Kind() == benc.Absent && peers.Kind() == benc.Absent {
		return
	}
	s, okSeeds := readFilter(seeds)
	p, okPeers := readFilter(peers)
	if !okSeeds || !okPeers {
		r.note("filter-length")
		return
	}
	r.seeds, r.peers = s, p
}

// readFilter takes an absent filter for an empty one.
func readFilter(v benc.Value) (*Filter, bool) {
	b, ok := v.Bytes()
	if v.Kind() == benc.Absent {
		return new(Filter), true
	}
	if !ok || len(b) != filterBytes {
		return nil, false
	}
	f := Filter(b)
	return &f, true
}

// readError takes an error message: [code, text] (BEP 5), or a bare text.
func readError(v benc.Value) error {
	code, text := int64(0), v.Text()
	for item := range v.List() {
		if n, ok := item.Int(); ok {
			code = n
		} else if t := item.Text(); t != "" {
			text = t
		}
	}
	return outcome.Fail(outcome.Failure, fmt.Errorf("node error %d: %.128q", code, text))
}
