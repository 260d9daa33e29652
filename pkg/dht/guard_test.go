package dht

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/anacrolix/dht/v2/krpc"
	"github.com/anacrolix/torrent/bencode"

	"btkit/pkg/outcome"
)

// hostile are answers from a node that means no good, or is broken. %T stands
// for the right transaction id.
var hostile = map[string]string{
	"nothing":                     "",
	"no dictionary":               "le",
	"a bare d":                    "d",
	"truncated":                   "d1:rd2:id20:mnopqrstuvwxyz12345",
	"depth":                       strings.Repeat("d1:a", 300),
	"lists":                       strings.Repeat("l", 1400),
	"length of a gigabyte":        "d1:t4:%T1:y1:r1:r1000000000:xe",
	"a value of one byte":         "d1:rd2:id20:mnopqrstuvwxyz1234566:valuesl1:aee1:t4:%T1:y1:re",
	"an ip of one byte":           "d2:ip1:x1:rd2:id20:mnopqrstuvwxyz123456e1:t4:%T1:y1:re",
	"an ip that is a list":        "d2:iple1:rd2:id20:mnopqrstuvwxyz123456e1:t4:%T1:y1:re",
	"r is a list":                 "d1:rle1:t4:%T1:y1:re",
	"no r":                        "d1:t4:%T1:y1:re",
	"an empty error":              "d1:ele1:t4:%T1:y1:ee",
	"an error of the wrong kinds": "d1:eli-1ei2ee1:t4:%T1:y1:ee",
	"an error that is a number":   "d1:ei5e1:t4:%T1:y1:ee",
	"id of no bytes":              "d1:rd2:id0:e1:t4:%T1:y1:re",
	"id is a number":              "d1:rd2:idi7ee1:t4:%T1:y1:re",
	"zero id":                     "d1:rd2:id20:" + strings.Repeat("\x00", 20) + "e1:t4:%T1:y1:re",
	"a huge number":               "d1:rd2:id20:mnopqrstuvwxyz1234568:intervali99999999999999999999999999ee1:t4:%T1:y1:re",
	"y is a number":               "d1:rd2:id20:mnopqrstuvwxyz123456e1:t4:%T1:yi1ee",
	"no transaction id":           "d1:rd2:id20:mnopqrstuvwxyz123456e1:y1:re",
	"another transaction id":      "d1:rd2:id20:mnopqrstuvwxyz123456e1:t4:zzzz1:y1:re",
	"a query":                     "d1:ad2:id20:mnopqrstuvwxyz123456e1:q4:ping1:t4:%T1:y1:qe",
	"samples of odd length":       "d1:rd2:id20:mnopqrstuvwxyz1234567:samples3:abce1:t4:%T1:y1:re",
}

func TestHostileAnswers(t *testing.T) {
	for name, text := range hostile {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				d := newFakeDHT(11, 80, loopback)
				hash := d.randomID()
				d.announce(hash, 8, nil, somePeers(0, 10))
				for i, n := range d.nodes {
					if i%2 == 1 {
						n.spoil = func(q fakeQuery, _ map[string]any) []byte {
							return []byte(strings.ReplaceAll(text, "%T", q.tid))
						}
					}
				}
				honest := d.client(t, nil)
				found, r := lookupOnce(t, honest, hash)
				if err := honest.Close(); err != nil {
					t.Errorf("close: %v", err)
				}
				if len(found) != 10 {
					t.Errorf("got %d peers, want the 10 that honest nodes know (%+v)", len(found), r)
				}
			})
		})
	}
}

func TestAnswersFromElsewhere(t *testing.T) {
	g := newGuard(nil, ID{})
	c := &call{to: netip.MustParseAddrPort("127.0.0.1:6881")}
	tid := g.register(c, "x")
	answer := []byte("d1:rd2:id20:mnopqrstuvwxyz123456e1:t4:" + string(tid[:]) + "1:y1:re")
	for _, from := range []string{"127.0.0.1:6882", "127.0.0.2:6881", "[::1]:6881"} {
		if got := g.take(answer, netip.MustParseAddrPort(from)); got != nil {
			t.Errorf("an answer from %s was taken, want it dropped", from)
		}
	}
	if got := g.take(answer, netip.MustParseAddrPort("[::ffff:127.0.0.1]:6881")); got == nil {
		t.Error("the answer from the node asked was dropped, want it taken")
	}
	if got := g.take(answer, c.to); got != nil {
		t.Error("the answer was taken a second time, want it dropped")
	}
	if got := g.counts().Unasked; got != 4 {
		t.Errorf("got %d unasked datagrams, want 4", got)
	}
}

func TestMirrorsOfOurID(t *testing.T) {
	own := ID([]byte("mnopqrstuvwxyz123456"))
	for _, id := range []ID{own, {}} {
		g := newGuard(nil, own)
		c := &call{to: netip.MustParseAddrPort("127.0.0.1:6881")}
		tid := g.register(c, "x")
		g.take([]byte("d1:rd2:id20:"+string(id[:])+"e1:t4:"+string(tid[:])+"1:y1:re"), c.to)
		if r, _, _ := g.finish(c); r == nil || outcome.Of(r.failed) != outcome.Malformed {
			t.Errorf("id %v: got answer %+v, want a malformed one", id, r)
		}
	}
}

// What the library gets to see must be within what it can take, whatever the
// node said.
func TestAcknowledgement(t *testing.T) {
	var m krpc.Msg
	if err := bencode.Unmarshal(acknowledge("ab"), &m); err != nil {
		t.Fatalf("decode: %v", err)
	}
	if m.T != "ab" || m.Y != "r" || m.R == nil || !m.ReadOnly {
		t.Errorf("got %+v, want a read-only response to ab", m)
	}
}

// FuzzGuard: no datagram makes the guard panic, read more than its bounds
// allow, or hand on anything but an acknowledgement of the query that is open.
func FuzzGuard(f *testing.F) {
	for _, text := range hostile {
		f.Add([]byte(text))
	}
	f.Add([]byte("d1:rd2:id20:mnopqrstuvwxyz1234565:nodes26:aaaaaaaaaaaaaaaaaaaabbbbcc6:valuesl6:abcdef18:0123456789abcdefghee1:t4:%T1:v4:LT\x01\x021:y1:re"))
	f.Fuzz(func(t *testing.T, b []byte) {
		g := newGuard(nil, ID{})
		c := &call{to: netip.MustParseAddrPort("127.0.0.1:6881")}
		tid := g.register(c, "x")
		b = []byte(strings.ReplaceAll(string(b), "%T", string(tid[:])))
		ack := g.take(b, c.to)
		if ack != nil && string(ack) != string(acknowledge("x")) {
			t.Errorf("got %q for the library, want an acknowledgement", ack)
		}
		r, _, _ := g.finish(c)
		if (ack != nil) != (r != nil) {
			t.Errorf("acknowledged %v, answered %v: want both or none", ack != nil, r != nil)
		}
		if r == nil {
			return
		}
		if len(r.values) > maxValues || len(r.nodes) > 2*maxNodes || len(r.version) > 16 {
			t.Errorf("got %d values, %d nodes, version of %d bytes, want them bounded", len(r.values), len(r.nodes), len(r.version))
		}
		for _, p := range r.values {
			if !p.IsValid() || p.Port() == 0 || p.Addr().Is4In6() {
				t.Errorf("got peer %v, want a usable address", p)
			}
		}
	})
}
