package dht

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math"
	"net/netip"
	"sync"
	"time"

	"btkit/pkg/record"
)

// Tracer writes a "query" record for every question to a node and a "lookup"
// record for every lookup. These kinds belong to this room alone; everybody
// else passes them on. They are numbered in a run of their own.
type Tracer struct {
	out     Output
	by, run string

	mu  sync.Mutex
	seq uint64
}

// NewTracer makes a tracer that writes in the name of the command by.
func NewTracer(out Output, by string) *Tracer {
	return &Tracer{out: out, by: by, run: record.NewRun()}
}

// traceHead stands first in every record.
type traceHead struct {
	Type string `json:"type"`
	V    int    `json:"v"`
	TS   string `json:"ts"`
	By   string `json:"by"`
	Run  string `json:"run"`
	Seq  uint64 `json:"seq"`
}

// lookupRecord is the shape of a lookup record.
type lookupRecord struct {
	traceHead
	InfoHash string         `json:"infohash"`
	Family   string         `json:"family"`
	Outcome  string         `json:"outcome"`
	Queries  int            `json:"queries"` // to all nodes, repeated ones too
	Queried  int            `json:"queried"`
	Answered int            `json:"answered"`
	Secure   int            `json:"secure"`                // of them, ids that fit the address (BEP 42)
	D8       string         `json:"d8,omitempty"`          // distance of the 8th closest live node
	D64      string         `json:"d64,omitempty"`         // and of the 64th
	Network  float64        `json:"network_est,omitempty"` // nodes in the whole DHT
	Refused  map[string]int `json:"refused,omitempty"`     // nodes and peers left out, by reason
}

// traceRecord is the shape of a query record.
type traceRecord struct {
	traceHead
	InfoHash string     `json:"infohash"`
	IP       netip.Addr `json:"ip"`
	Port     uint16     `json:"port"`
	Outcome  string     `json:"outcome"`
	Ask      string     `json:"ask"`               // "scrape", "peers", "control" or "nodes"
	RttMS    float64    `json:"rtt_ms,omitempty"`  // from question to answer
	NodeID   string     `json:"node_id,omitempty"` // that it gave itself
	Shared   *int       `json:"shared_bits,omitempty"`
	Secure   *bool      `json:"secure,omitempty"` // the id fits the address (BEP 42)
	Client   string     `json:"client,omitempty"`
	RawV     string     `json:"client_hex,omitempty"`
	Values   int        `json:"values"`
	New      int        `json:"new"`
	Nodes    int        `json:"nodes"`
	Filters  bool       `json:"filters"`
	Token    bool       `json:"token"`
	RxBytes  int        `json:"rx_bytes,omitempty"`
	Oddities []string   `json:"oddities,omitempty"`
}

var askNames = map[ask]string{askScrape: "scrape", askPlain: "peers", askControl: "control", askExplore: "nodes"}

// Trace writes one query. A failed write shows when the writer is closed.
func (t *Tracer) Trace(q Query) {
	rec := traceRecord{
		InfoHash: q.Target.String(), IP: q.Node.Addr.Addr(), Port: q.Node.Addr.Port(), Outcome: string(q.Outcome),
		Ask: askNames[q.ask], RttMS: float64(q.RTT.Microseconds()) / 1000, Values: q.Values, New: q.New, Nodes: q.Nodes,
		Filters: q.Filters, Token: q.Token, RxBytes: q.Bytes, Oddities: q.Oddities}
	if q.Answered != (ID{}) {
		shared := sharedBits(q.Target, q.Answered)
		rec.NodeID, rec.Shared, rec.Secure = q.Answered.String(), &shared, &q.Secure
		rec.Client, rec.RawV = clientOf(q.Client)
	}
	t.put(&rec, &rec.traceHead, "query", q.Sent)
}

// Lookup writes what a lookup came to; a nil Tracer does not.
func (t *Tracer) Lookup(r *Result) {
	if t == nil {
		return
	}
	rec := lookupRecord{InfoHash: r.Target.String(), Family: string(r.Family), Outcome: string(r.Outcome),
		Queries: r.Queries, Queried: r.Queried, Answered: r.Answered, Secure: r.Secure,
		Network: math.Round(r.Network), Refused: r.Refused}
	if r.D8 != (ID{}) {
		rec.D8 = r.D8.String()
	}
	if r.D64 != (ID{}) {
		rec.D64 = r.D64.String()
	}
	t.put(&rec, &rec.traceHead, "lookup", r.Started)
}

func (t *Tracer) put(rec any, head *traceHead, kind string, at time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.seq++
	*head = traceHead{Type: kind, V: 1, TS: at.UTC().Format("2006-01-02T15:04:05.000000Z"), By: t.by, Run: t.run, Seq: t.seq}
	line, err := json.Marshal(rec)
	if err == nil {
		_ = t.out.Pass(line)
	}
}

// clientOf reads "v": two letters, and two bytes of version in a form that
// each client chooses.
func clientOf(v string) (clean, raw string) {
	if len(v) != 4 || !isAlnum(v[0]) || !isAlnum(v[1]) {
		clean, _ = record.Clean(v)
		return clean, hex.EncodeToString([]byte(v))
	}
	return fmt.Sprintf("%s %d.%d", v[:2], v[2], v[3]), hex.EncodeToString([]byte(v))
}

func isAlnum(b byte) bool {
	return '0' <= b && b <= '9' || 'A' <= b && b <= 'Z' || 'a' <= b && b <= 'z'
}
