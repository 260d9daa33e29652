package record

import "net/netip"

// Request is one question asked of a tracker or of the DHT, and its answer.
type Request struct {
	Header
	// Torrent asked for.
	InfoHash string `json:"infohash"`
	// Kind of source: "tracker", "dht", "pex" or "lsd".
	Source string `json:"source"`
	// Tracker URL without a password, "dht" for a lookup, or the multicast group
	// of local discovery.
	Via string `json:"via,omitempty"`
	// What was asked: "announce", "scrape", "stopped", "lookup" or "metadata".
	Ask string `json:"ask,omitempty"`
	// Address family asked over: "ipv4" or "ipv6".
	Family string `json:"family,omitempty"`
	// How it ended, from the closed list of outcomes.
	Outcome string `json:"outcome"`
	// What the other side said about a failure, cleaned.
	Message string `json:"message,omitempty"`
	// Oddities of the answer that did not spoil it.
	Oddities []string `json:"oddities,omitempty"`
	// Milliseconds from question to answer.
	TookMS float64 `json:"took_ms"`
	// Addresses received.
	Peers *int64 `json:"peers,omitempty"`
	// Addresses among them not seen before in this run.
	New *int64 `json:"new,omitempty"`
	// Seconds until the next question that the tracker wishes.
	IntervalS int64 `json:"interval_s,omitempty"`
	// Lower bound of that, in seconds.
	MinIntervalS int64 `json:"min_interval_s,omitempty"`
	// Complete peers that the tracker counts.
	Seeders *int64 `json:"seeders,omitempty"`
	// Incomplete peers that the tracker counts.
	Leechers *int64 `json:"leechers,omitempty"`
	// Completed downloads that the tracker has been told of.
	Completed *int64 `json:"completed,omitempty"`
	// Peers still downloading, where the tracker tells them from partial seeds
	// (BEP 21).
	Downloaders *int64 `json:"downloaders,omitempty"`
	// Estimate of the number of seeds by Bloom filter (BEP 33).
	SeedersEst *float64 `json:"seeders_est,omitempty"`
	// Estimate of the number of downloaders by Bloom filter (BEP 33).
	LeechersEst *float64 `json:"leechers_est,omitempty"`
	// DHT nodes queried during the lookup.
	Queried *int64 `json:"queried,omitempty"`
	// DHT nodes that answered.
	Answered *int64 `json:"answered,omitempty"`
	// HTTP status.
	Status int64 `json:"status,omitempty"`
	// Our address as the tracker sees it (BEP 24).
	ExternalIP netip.Addr `json:"external_ip,omitempty"`
	// Bytes received.
	RxBytes int64 `json:"rx_bytes,omitempty"`
}
