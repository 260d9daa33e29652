package peerwire

import (
	"bytes"
	"fmt"
	"net/netip"
	"slices"
	"testing"

	"btkit/pkg/outcome"
)

func peer(addr string, flags uint8) PexPeer {
	return PexPeer{Addr: netip.MustParseAddrPort(addr), Flags: flags}
}

// listed reads peers of the vectors.
func listed(lists ...[][]any) (out []PexPeer) {
	for _, list := range lists {
		for _, e := range list {
			p := PexPeer{Addr: netip.AddrPortFrom(netip.MustParseAddr(e[0].(string)), uint16(e[1].(float64)))}
			if len(e) > 2 {
				p.Flags = uint8(e[2].(float64))
			}
			out = append(out, p)
		}
	}
	return out
}

func TestPexVector(t *testing.T) {
	v := load(t).Pex
	got, err := ParsePex(extended(t, v.Bytes).Payload, nil)
	if err != nil || got.Refused != 0 || got.Oddities != nil {
		t.Errorf("refused %d, oddities %v, %v", got.Refused, got.Oddities, err)
	}
	if want := listed(v.Decoded["added"], v.Decoded["added6"]); !slices.Equal(got.Added, want) {
		t.Errorf("added: got %v, want %v", got.Added, want)
	}
	if want := listed(v.Decoded["dropped"], v.Decoded["dropped6"]); !slices.Equal(got.Dropped, want) {
		t.Errorf("dropped: got %v, want %v", got.Dropped, want)
	}
	if again := AppendPex(nil, 1, got.Added, got.Dropped); !bytes.Equal(again, v.Bytes) {
		t.Errorf("append: got %q, want %q", again, v.Bytes)
	}
	flags := map[string]uint8{"prefers_encryption": PexEncryption, "seed_or_upload_only": PexSeed, "utp": PexUTP,
		"holepunch": PexHolepunch, "outgoing_reachable": PexReachable}
	for name, want := range v.Flags {
		if flags[name] != want {
			t.Errorf("%s: got %#x, want %#x", name, flags[name], want)
		}
	}
}

func TestPexHostile(t *testing.T) {
	for i, want := range []Pex{
		{Added: []PexPeer{peer("1.1.1.1:257", 0)}, Refused: 1, Oddities: []string{"pex-length", "pex-duplicate"}},
		{Added: []PexPeer{peer("203.0.113.5:1", 2)}, Refused: 1, Oddities: []string{"pex-duplicate"}},
		{Refused: 3},
	} {
		v := load(t).Pex.Hostile[i]
		t.Run(v.Why, func(t *testing.T) {
			got, err := ParsePex(extended(t, v.Bytes).Payload, nil)
			if err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(got.Added, want.Added) || got.Refused != want.Refused || !slices.Equal(got.Oddities, want.Oddities) {
				t.Errorf("got %+v, want %+v", got, want)
			}
		})
	}
}

func TestPexRules(t *testing.T) {
	all := func(netip.Addr) bool { return true }
	var crowd []PexPeer
	for i := range 250 {
		crowd = append(crowd, peer(fmt.Sprintf("198.51.100.%d:1", i), 0))
	}
	for _, c := range []struct {
		name    string
		payload []byte
		allow   func(netip.Addr) bool
		added   int
		refused int
		want    outcome.Outcome
	}{
		{"loopback when allowed", pexOf(peer("127.0.0.2:5", 0)), all, 1, 0, outcome.OK},
		{"port 0 whatever is allowed", pexOf(peer("127.0.0.2:0", 0)), all, 0, 1, outcome.OK},
		{"not for the internet", pexOf(peer("10.0.0.1:5", 0), peer("[fe80::1]:5", 0), peer("[::]:5", 0), peer("[ff02::1]:5", 0)), nil, 0, 4, outcome.OK},
		{"too many", pexOf(crowd...), nil, 200, 50, outcome.OK},
		{"flags missing", []byte("d5:added12:\x01\x01\x01\x01\x00\x01\x01\x01\x01\x02\x00\x017:added.f0:e"), nil, 2, 0, outcome.OK},
		{"wrong types", []byte("d5:addedi5e7:added.fle7:droppeddee"), nil, 0, 0, outcome.OK},
		{"list", []byte("le"), nil, 0, 0, outcome.Malformed},
		{"too large", make([]byte, 500<<10+1), nil, 0, 0, outcome.TooLarge},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := ParsePex(c.payload, c.allow)
			if len(got.Added) != c.added || got.Refused != c.refused || outcome.Of(err) != c.want {
				t.Errorf("got %d added, %d refused, %v, want %d, %d, %s", len(got.Added), got.Refused, err, c.added, c.refused, c.want)
			}
		})
	}
}

// pexOf is the payload of a message that adds peers.
func pexOf(peers ...PexPeer) []byte { return AppendPex(nil, 1, peers, nil)[6:] }

func TestThin(t *testing.T) {
	in := []PexPeer{peer("1.2.3.4:1", 0), peer("1.2.3.4:2", 0), peer("1.2.3.5:1", 0), peer("1.2.3.6:1", 0), peer("1.2.4.6:1", 0),
		peer("[2001:db8::1]:1", 0), peer("[2001:db8::2]:1", 0), peer("[2001:db8::3]:1", 0), peer("[2001:db8:0:1::3]:1", 0), {}}
	want := []PexPeer{in[0], in[2], in[4], in[5], in[6], in[8]}
	if got := Thin(in, 1, 2); !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}
