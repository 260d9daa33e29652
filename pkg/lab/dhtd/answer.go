package dhtd

import (
	"crypto/hmac"
	"crypto/sha256"
	"net/netip"
	"time"

	"btkit/pkg/benc"
	"btkit/pkg/lab/trackerd"
)

// Errors of BEP 5.
const (
	protocolError = 203
	unknownMethod = 204
)

// bounds of a question and of an answer in bytes; a value takes 8.
const (
	maxQuery  = 1500
	maxAnswer = 1400
	valueLen  = 8
)

var queryLimits = benc.Limits{Depth: 8, Nodes: 512}

// query is a question that has been read.
type query struct {
	from   netip.AddrPort
	now    time.Time
	tid    []byte
	args   benc.Value
	target ID
	sent   bool // whether there is a target
}

// answer is the answer to one datagram; nil means none.
func (n *node) answer(b []byte, from netip.AddrPort, now time.Time) []byte {
	v, _, _, err := benc.Parse(b, queryLimits)
	if err != nil || v.Get("y").Text() != "q" {
		return nil
	}
	tid, ok := v.Get("t").Bytes()
	if !ok || len(tid) > 32 {
		return nil
	}
	q := query{from: from, now: now, tid: tid, args: v.Get("a")}
	for _, key := range []string{"target", "info_hash"} {
		if raw, _ := q.args.Get(key).Bytes(); len(raw) == len(q.target) {
			q.target, q.sent = ID(raw), true
		}
	}
	if raw, _ := q.args.Get("id").Bytes(); len(raw) != len(ID{}) {
		return n.fail(q, protocolError, "id is not 20 bytes")
	}
	return n.method(q, v.Get("q").Text())
}

func (n *node) method(q query, name string) []byte {
	switch {
	case name == "ping":
		return n.reply(q, map[string]any{})
	case !q.sent && name != "":
		return n.fail(q, unknownMethod, "neither a known method nor a target")
	case name == "get_peers":
		return n.getPeers(q)
	case name == "announce_peer":
		return n.announcePeer(q)
	case name == "sample_infohashes":
		return n.sample(q)
	}
	// find_node, and any method that names a target (BEP 5's successors).
	return n.reply(q, map[string]any{"nodes": n.nodes(q.target)})
}

// nodes is the K closest known nodes, 26 bytes each.
func (n *node) nodes(target ID) string {
	var b []byte
	for _, c := range closest(append([]Contact(nil), n.table...), target, K) {
		b = trackerd.AppendCompact(append(b, c.ID[:]...), c.Addr)
	}
	return string(b)
}

func (n *node) getPeers(q query) []byte {
	r := map[string]any{"nodes": n.nodes(q.target), "token": n.token(q.from, q.now, 0)}
	addrs, seeds := n.store.alive(q.target, q.now)
	room := maxAnswer - 400
	if flag(q, "scrape") && len(addrs) > 0 {
		var filters [2]bloom
		for i, a := range addrs {
			filters[bit(seeds[i])].add(a.Addr())
		}
		r["BFpe"], r["BFsd"] = string(filters[0][:]), string(filters[1][:])
		room -= 2*len(bloom{}) + 20
	}
	var values []string
	for i, a := range addrs {
		if len(values) < min(100, room/valueLen) && !(flag(q, "noseed") && seeds[i]) {
			values = append(values, string(trackerd.AppendCompact(nil, a)))
		}
	}
	if len(values) > 0 {
		r["values"] = values
	}
	return n.reply(q, r)
}

func (n *node) announcePeer(q query) []byte {
	port, _ := q.args.Get("port").Int()
	if flag(q, "implied_port") {
		port = int64(q.from.Port())
	}
	token := q.args.Get("token").Text()
	if token != n.token(q.from, q.now, 0) && token != n.token(q.from, q.now, -1) {
		return n.fail(q, protocolError, "bad token")
	}
	if port < 1 || port > 65535 {
		return n.fail(q, protocolError, "bad port")
	}
	addr := netip.AddrPortFrom(q.from.Addr(), uint16(port))
	n.store.put(q.target, addr, Entry{Seed: flag(q, "seed"), Until: q.now.Add(n.net.opt.Expiry)})
	if n.net.opt.Announced != nil {
		n.net.opt.Announced(q.target, addr)
	}
	return n.reply(q, map[string]any{})
}

func (n *node) sample(q query) []byte {
	hashes, all := n.store.samples(20)
	var b []byte
	for _, h := range hashes {
		b = append(b, h[:]...)
	}
	return n.reply(q, map[string]any{"interval": 10, "num": all, "samples": string(b), "nodes": n.nodes(q.target)})
}

func (n *node) reply(q query, r map[string]any) []byte {
	r["id"] = string(n.id[:])
	return encode(map[string]any{"t": string(q.tid), "y": "r", "r": r, "v": "BL\x00\x01",
		"ip": string(trackerd.AppendCompact(nil, q.from))})
}

func (n *node) fail(q query, code int, text string) []byte {
	return encode(map[string]any{"t": string(q.tid), "y": "e", "e": []any{code, text}})
}

func encode(v any) []byte {
	b, err := benc.Encode(v)
	if err != nil {
		return nil
	}
	return b
}

// token ties an announce to the address that asked, for five to ten minutes.
func (n *node) token(to netip.AddrPort, now time.Time, spans int64) string {
	mac := hmac.New(sha256.New, n.secret[:])
	mac.Write(to.Addr().AsSlice())
	mac.Write([]byte(time.Unix((now.Unix()/300+spans)*300, 0).UTC().String()))
	return string(mac.Sum(nil)[:8])
}

func flag(q query, key string) bool {
	v, _ := q.args.Get(key).Int()
	return v == 1
}

func bit(b bool) int {
	if b {
		return 1
	}
	return 0
}
