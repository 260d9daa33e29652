package dht

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"math"
	"net/netip"
	"os"
	"slices"
	"strings"
	"testing"

	"btkit/pkg/outcome"
)

// vectors is the part of the protocol vectors that this package reads.
type vectors struct {
	Messages []struct{ Name, Bytes string }
	Compact  struct {
		Nodes, Nodes6 string
		Decoded       [][3]any
	} `json:"compact_nodes"`
	Reject []struct{ Why, Bytes, Action string }
	Bloom  map[string]any `json:"bep33"`
	Secure []struct {
		IP     string
		NodeID string `json:"node_id"`
		Valid  any
	} `json:"bep42"`
	Order struct {
		Target       string
		IDs          []string `json:"ids"`
		ClosestFirst []int    `json:"closest_first"`
		SharedBits   []int    `json:"shared_prefix_bits"`
	} `json:"xor_order"`
	Size struct {
		Example struct {
			K        int
			DK       string `json:"d_k"`
			Estimate float64
		}
	} `json:"network_size"`
}

func loadVectors(t *testing.T) (v vectors) {
	t.Helper()
	b, err := os.ReadFile("testdata/dht.json")
	if err != nil {
		t.Fatalf("read vectors: %v", err)
	}
	if err := json.Unmarshal(b, &v); err != nil {
		t.Fatalf("read vectors: %v", err)
	}
	return v
}

func unhex(t *testing.T, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatalf("hex: %v", err)
	}
	return b
}

func mustID(t *testing.T, s string) ID {
	t.Helper()
	id, ok := ParseID(s)
	if !ok {
		t.Fatalf("id %q: want 40 hex digits", s)
	}
	return id
}

func TestMessageVectors(t *testing.T) {
	for _, m := range loadVectors(t).Messages {
		t.Run(m.Name, func(t *testing.T) {
			r, err := readReply(unhex(t, m.Bytes))
			if strings.Contains(m.Name, "query") || strings.Contains(m.Name, "read-only") {
				if !errors.Is(err, errNotDHT) {
					t.Errorf("got error %v, want that queries are no answers", err)
				}
				return
			}
			if err != nil {
				t.Fatalf("got error %v, want none", err)
			}
			if m.Name == "error" {
				if got := outcome.Of(r.failed); got != outcome.Failure {
					t.Errorf("got outcome %s, want failure", got)
				}
				return
			}
			if r.failed != nil || len(r.oddities) > 0 {
				t.Errorf("got failure %v and oddities %v, want none", r.failed, r.oddities)
			}
		})
	}
}

func TestResponseWithEverything(t *testing.T) {
	for _, m := range loadVectors(t).Messages {
		if !strings.Contains(m.Name, "scrape filters") {
			continue
		}
		r, err := readReply(unhex(t, m.Bytes))
		if err != nil {
			t.Fatalf("read: %v", err)
		}
		if got, want := r.id, ID([]byte("mnopqrstuvwxyz123456")); got != want {
			t.Errorf("got id %v, want %v", got, want)
		}
		if want := []netip.AddrPort{netip.MustParseAddrPort("203.0.113.5:6881")}; !slices.Equal(r.values, want) {
			t.Errorf("got values %v, want %v", r.values, want)
		}
		if len(r.nodes) != 4 || !r.token || r.seeds == nil || r.peers == nil {
			t.Errorf("got %d nodes, token %v, filters %v %v, want 4, true, both", len(r.nodes), r.token, r.seeds != nil, r.peers != nil)
		}
		return
	}
	t.Fatal("the vector is missing")
}

func TestCompactNodeVectors(t *testing.T) {
	v := loadVectors(t).Compact
	nodes := readNodes(unhex(t, v.Nodes), compactNode4)
	for i, want := range v.Decoded {
		got := nodes[i]
		if got.ID.String() != want[0] || got.Addr.Addr().String() != want[1] || float64(got.Addr.Port()) != want[2] {
			t.Errorf("got %v, want %v", got, want)
		}
	}
	nodes = readNodes(unhex(t, v.Nodes6), compactNode6)
	if len(nodes) != 1 || nodes[0].Addr.String() != "[2001:db8::10]:6881" {
		t.Errorf("got %v, want one node at [2001:db8::10]:6881", nodes)
	}
}

func TestMappedNodesAreLeftOut(t *testing.T) {
	mapped := make([]byte, 20, compactNode6)
	mapped = append(mapped, netip.MustParseAddr("::ffff:1.2.3.4").AsSlice()...)
	mapped = append(mapped, 0x1a, 0xe1)
	if got := readNodes(mapped, compactNode6); len(got) != 0 {
		t.Errorf("got %v, want nothing: the IPv4 network has this node", got)
	}
}

func TestRejectVectors(t *testing.T) {
	for _, test := range loadVectors(t).Reject {
		t.Run(test.Why, func(t *testing.T) {
			r, err := readReply(unhex(t, test.Bytes))
			switch {
			case strings.HasPrefix(test.Why, "not a dictionary"):
				if !errors.Is(err, errNotDict) {
					t.Errorf("got error %v, want %v", err, errNotDict)
				}
				return
			case err != nil:
				t.Fatalf("got error %v, want none", err)
			}
			checkRejected(t, test.Why, test.Action, r)
		})
	}
}

func checkRejected(t *testing.T, why, action string, r *reply) {
	t.Helper()
	switch action {
	case "keep the whole entries":
		if len(r.nodes) != 1 || !slices.Contains(r.oddities, "nodes-length") {
			t.Errorf("got %d nodes and %v, want 1 and nodes-length", len(r.nodes), r.oddities)
		}
	case "keep the valid one":
		if len(r.values) != 1 || !slices.Contains(r.oddities, "values-entry") {
			t.Errorf("got values %v and %v, want 1 and values-entry", r.values, r.oddities)
		}
	case "split by 6":
		if len(r.values) != 2 {
			t.Errorf("got values %v, want 2", r.values)
		}
	case "ignore both filters":
		if r.seeds != nil || r.peers != nil || !slices.Contains(r.oddities, "filter-length") {
			t.Errorf("got filters %v %v and %v, want neither and filter-length", r.seeds, r.peers, r.oddities)
		}
	case "accept, flag":
		if r.failed != nil || !slices.Contains(r.oddities, "trailing-bytes") {
			t.Errorf("got failure %v and %v, want none and trailing-bytes", r.failed, r.oddities)
		}
	default:
		if strings.Contains(why, "19 bytes") && outcome.Of(r.failed) != outcome.Malformed {
			t.Errorf("got %v, want a malformed answer", r.failed)
		}
	}
}

func TestFilterVectors(t *testing.T) {
	v := loadVectors(t).Bloom
	filter := func(name string) *Filter {
		f := Filter(unhex(t, v[name].(string)))
		return &f
	}
	var made Filter
	for i := range 256 {
		made.Add(netip.AddrFrom4([4]byte{192, 0, 2, byte(i)}))
	}
	addr := netip.MustParseAddr("2001:db8::")
	for range 1000 {
		made.Add(addr)
		addr = addr.Next()
	}
	if made != *filter("spec_vector") {
		t.Error("the filter of the 1256 addresses of BEP 33 is not that of the BEP")
	}
	var single Filter
	single.Add(netip.MustParseAddr("::ffff:192.168.1.1"))
	if single != *filter("single_192.168.1.1") || !single.Has(netip.MustParseAddr("192.168.1.1")) {
		t.Error("the filter of 192.168.1.1 is not that of the vectors")
	}
	union := *filter("seeds30")
	union.Union(filter("peers80"))
	full := Filter{}
	for i := range full {
		full[i] = 0xff
	}
	for name, test := range map[string]struct {
		filter    *Filter
		want      float64
		saturated bool
	}{
		"BEP 33":       {&made, v["spec_estimate"].(float64), false},
		"one address":  {&single, v["single_estimate"].(float64), false},
		"30 seeds":     {filter("seeds30"), v["seeds30_estimate"].(float64), false},
		"80 peers":     {filter("peers80"), v["peers80_estimate"].(float64), false},
		"their union":  {&union, v["union_estimate"].(float64), false},
		"an empty one": {new(Filter), 0, false},
		"a full one":   {&full, v["max_estimate_one_zero_bit"].(float64), true},
	} {
		t.Run(name, func(t *testing.T) {
			got, saturated := test.filter.Estimate()
			if math.Abs(got-test.want) > 0.001 || saturated != test.saturated {
				t.Errorf("got %v (saturated: %v), want %v (%v)", got, saturated, test.want, test.saturated)
			}
		})
	}
}

func TestSecureVectors(t *testing.T) {
	for _, test := range loadVectors(t).Secure {
		want := test.Valid == true || test.Valid == "exempt"
		if got := Secure(mustID(t, test.NodeID), netip.MustParseAddr(test.IP)); got != want {
			t.Errorf("%s at %s: got %v, want %v", test.NodeID, test.IP, got, want)
		}
	}
}

func TestOrderVectors(t *testing.T) {
	v := loadVectors(t).Order
	target := mustID(t, v.Target)
	order := make([]int, len(v.IDs))
	for i := range order {
		order[i] = i
		if got, want := sharedBits(target, mustID(t, v.IDs[i])), v.SharedBits[i]; got != want {
			t.Errorf("%s: got %d shared bits, want %d", v.IDs[i], got, want)
		}
	}
	slices.SortFunc(order, func(a, b int) int {
		return compareDistance(target, mustID(t, v.IDs[a]), mustID(t, v.IDs[b]))
	})
	if !slices.Equal(order, v.ClosestFirst) {
		t.Errorf("got order %v, want %v", order, v.ClosestFirst)
	}
}

func TestNetworkSizeVectors(t *testing.T) {
	v := loadVectors(t).Size.Example
	if got := NetworkSize(v.K, mustID(t, v.DK)); math.Abs(got-v.Estimate) > 1 {
		t.Errorf("got %v, want %v", got, v.Estimate)
	}
	if got := NetworkSize(8, ID{}); got != 0 {
		t.Errorf("got %v for distance zero, want 0: unknown", got)
	}
}
