package dht

import (
	"net/netip"
	"time"

	"btkit/pkg/outcome"
)

// ask is a kind of question to a node.
type ask uint8

const (
	askNothing ask = iota
	askScrape      // get_peers with scrape = 1 (BEP 33)
	askPlain       // get_peers without: many nodes answer a scrape with filters alone
	askControl     // get_peers of a random torrent that nobody can have
	askExplore     // find_node of a point near the torrent
)

// question is what to ask a node next.
type question struct {
	node   *candidate
	ask    ask
	target ID
}

// Query is one question to one node and what came of it, for tracing.
type Query struct {
	Sent     time.Time
	Target   ID
	ask      ask
	Node     Node // the id is the listed one; zero if none was known
	Outcome  outcome.Outcome
	RTT      time.Duration
	Answered ID     // the id that the node gave itself
	Client   string // "v": two letters and two bytes, as they came
	Values   int
	New      int // of them, addresses new to this lookup
	Nodes    int
	Filters  bool
	Token    bool
	Secure   bool // the id fits the address (BEP 42)
	Bytes    int
	Oddities []string
}

// answer is what came back to a question.
type answer struct {
	question
	sent  time.Time
	reply *reply // nil if none that can be used
	as    outcome.Outcome
	rtt   time.Duration
}

// Found is a peer, and the node that named it first.
type Found struct {
	Peer netip.AddrPort
	Via  netip.AddrPort
}

// Result is what one lookup in one family came to.
type Result struct {
	Target  ID
	Family  Family
	Outcome outcome.Outcome
	Message string // why there was nothing to ask
	Started time.Time
	Took    time.Duration
	// Nodes queried, nodes among them that answered, queries in all.
	Queried, Answered, Queries int
	// Nodes among those that answered whose id fits their address (BEP 42).
	Secure int
	// Distinct peers named.
	Peers int
	// Estimates by the filters of BEP 33; meaningless unless Scraped.
	Scraped         bool
	Seeds, Leechers float64
	// Bytes received in answers.
	Bytes    int64
	Oddities []string
	// Nodes and peers left out, by reason.
	Refused map[string]int
	// Distance of the 8th and the 64th closest live node; zero if fewer.
	D8, D64 ID
	// Estimated number of nodes in the whole network; 0 if unknown.
	Network float64
}
