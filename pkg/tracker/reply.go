package tracker

import (
	"net/netip"
	"slices"
	"time"

	"btkit/pkg/outcome"
)

// Bounds of the wish of a tracker when to be asked again.
const (
	MinInterval     = 300 * time.Second
	MaxInterval     = 86400 * time.Second
	DefaultInterval = 1800 * time.Second
)

// maxRetry bounds the "retry in" of BEP 31.
const maxRetry = 7 * 24 * time.Hour

// maxReplyText bounds, in bytes, what is kept of a text in an answer.
const maxReplyText = 1024

// Result is what both kinds of answer have in common. Texts are as the tracker
// wrote them, cut to 1024 bytes: clean them before printing.
type Result struct {
	// How the question ended.
	Outcome outcome.Outcome
	// What went wrong between us and the tracker; nil when it answered.
	Err error
	// What the tracker gave as the reason of its failure.
	Failure string
	// When the tracker may be asked again after a failure (BEP 31); 0 when it
	// did not say.
	Retry time.Duration
	// The tracker asks never to be asked again (BEP 31).
	Never bool
	// HTTP status; 0 over UDP or without an answer.
	Status int
	// Bytes of the answer as they came, headers left out.
	RxBytes int64
	// From question to answer.
	Took time.Duration
	// Oddities of the answer that did not spoil it.
	Oddities []string
}

// odd notes an oddity once.
func (r *Result) odd(words ...string) {
	for _, word := range words {
		if !slices.Contains(r.Oddities, word) {
			r.Oddities = append(r.Oddities, word)
		}
	}
}

// fail makes the result of an error.
func (r *Result) fail(err error) {
	r.Outcome, r.Err = outcome.Of(err), err
}

// Reply is the answer to an announce.
type Reply struct {
	Result
	// When the next regular announce is wished for, within MinInterval and
	// MaxInterval.
	Interval time.Duration
	// Lower bound of that; 0 when the tracker named none.
	MinInterval time.Duration
	// What the tracker wants us to know though it answered.
	Warning string
	// To be sent back with the next announce.
	TrackerID string
	// Counts of the tracker; nil is unknown.
	Seeders, Leechers, Downloaded, Downloaders *int64
	// Addresses that can be used.
	Peers []netip.AddrPort
	// Those among Peers that take encrypted connections only, as the tracker
	// says; nil if it says nothing.
	Encrypted map[netip.AddrPort]bool
	// Peers named by a host name, "host:port". They are not resolved: it would
	// let a tracker make us ask for any name.
	Names []string
	// Entries left out, by reason.
	Skipped map[string]int
	// Our address as the tracker sees it (BEP 24); invalid when it did not say.
	ExternalIP netip.Addr
}

// skip counts an entry that is left out.
func (r *Reply) skip(reason string) {
	if r.Skipped == nil {
		r.Skipped = map[string]int{}
	}
	r.Skipped[reason]++
}

// setInterval takes the tracker's wish in seconds.
func (r *Reply) setInterval(seconds int64, known bool) {
	switch {
	case !known || seconds < 0:
		r.Interval = DefaultInterval
		r.odd("interval-defaulted")
	case seconds < int64(MinInterval/time.Second):
		r.Interval = MinInterval
		r.odd("interval-clamped")
	case seconds > int64(MaxInterval/time.Second):
		r.Interval = MaxInterval
		r.odd("interval-clamped")
	default:
		r.Interval = time.Duration(seconds) * time.Second
	}
}

// Counts is what a scrape tells of one torrent; nil is unknown.
type Counts struct {
	Seeders, Completed, Leechers, Downloaders *int64
	Name                                      string
}

// Replies is the answer to a scrape.
type Replies struct {
	Result
	// Torrents that the tracker knows. One that was asked for and is missing
	// here is unknown to the tracker, which is not the same as zero.
	Files map[Hash]Counts
	// Lower bound of the time between two scrapes; 0 when not told.
	MinInterval time.Duration
}

func cut(s string) string { return s[:min(len(s), maxReplyText)] }
