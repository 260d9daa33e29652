package tracker

import "net/netip"

// Hash is an info-hash as spoken on the wire, or a peer id.
type Hash = [20]byte

// Family is the address family that a question travels over. A tracker that
// has both is asked once over each, from a socket bound to that family (BEP 7).
type Family string

// The two families, spelt as in records.
const (
	IPv4 Family = "ipv4"
	IPv6 Family = "ipv6"
)

// Has says whether an address belongs to the family.
func (f Family) Has(a netip.Addr) bool { return a.Is4() == (f == IPv4) }

// network is the name that package net has for a transport over the family.
func (f Family) network(transport string) string {
	if f == IPv6 {
		return transport + "6"
	}
	return transport + "4"
}

// Event says why an announce is made. The numbers are those of BEP 15.
type Event uint32

// The events. None is the regular announce.
const (
	None Event = iota
	Completed
	Started
	Stopped
)

var eventNames = map[Event]string{Completed: "completed", Started: "started", Stopped: "stopped"}

// String is the event as HTTP spells it, "" for None.
func (e Event) String() string { return eventNames[e] }

// Request is one announce.
type Request struct {
	// Announce URL: http, https or udp.
	URL string
	// Address family to ask over.
	Family Family
	// Address of this host to ask from, of the same family; the system's choice
	// if it is not valid. The tracker lists us with it.
	From netip.Addr
	// Torrent, and the id that we are listed with.
	InfoHash, PeerID Hash
	// Port that we are listed with.
	Port uint16
	// Bytes. Left is never 0 for a measuring client: it would be counted as a
	// seed, and some trackers give seeds only leechers.
	Uploaded, Downloaded, Left int64
	// Why we ask.
	Event Event
	// The same in all announces of a run, so that a tracker can match those of
	// both families.
	Key uint32
	// Peers wished for; trackers cap it at 50 to 200. Negative over UDP means
	// that the tracker decides.
	NumWant int
	// Tracker id of an earlier answer, if there was one.
	TrackerID string
	// Say that we take encrypted connections, and ask who needs them. Over UDP
	// there is no room for it.
	SupportCrypto bool
	// Resolve the tracker's name from the cache only, never by a query.
	CachedDNS bool
}

// ScrapeRequest is one scrape.
type ScrapeRequest struct {
	// Announce URL; the scrape URL is derived from it (BEP 48).
	URL string
	// Address family to ask over.
	Family Family
	// Address of this host to ask from, as in Request.
	From netip.Addr
	// Torrents asked for, at most Batch(URL).
	Hashes []Hash
}

// Most torrents in one scrape: what fits the smallest safe UDP payload, and
// what common HTTP trackers accept in one URL.
const (
	UDPBatch  = 60
	HTTPBatch = 40
)

// Batch is the number of torrents that one scrape of this tracker may ask for.
// It is 0 if the tracker has no scrape (BEP 48).
func Batch(announceURL string) int {
	u, err := parseURL(announceURL)
	if err != nil {
		return 0
	}
	if u.scheme == "udp" {
		return UDPBatch
	}
	if _, ok := ScrapeURL(announceURL); ok {
		return HTTPBatch
	}
	return 0
}
