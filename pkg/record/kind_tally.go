package record

// Tally counts the peers of one torrent by class, written by bt-confirm at
// every statistics interval and at the end. The classes exclude each other.
type Tally struct {
	Header
	// Torrent counted.
	InfoHash string `json:"infohash"`
	// Identities with at least one settled reading.
	Peers int64 `json:"peers"`
	// Confirmed downloads, by address and port: the lower bound of downloads.
	Confirmed int64 `json:"confirmed"`
	// Confirmed downloads, distinct addresses only.
	ConfirmedAddrs int64 `json:"confirmed_addrs"`
	// Peers that were at or above the threshold when first read: they finished
	// before they could be observed.
	FirstComplete int64 `json:"first_complete"`
	// Peers below the threshold that want no more pieces (BEP 21).
	PartialSeeds int64 `json:"partial_seeds"`
	// Partial seeds that were seen to get pieces until they wanted no more: they
	// finished the files that they selected. Part of partial_seeds.
	PartialFinished int64 `json:"partial_finished"`
	// Peers that look like seeds hiding their pieces (BEP 16).
	SuperSeeds int64 `json:"super_seeds"`
	// Peers last read below the threshold: right-censored.
	Censored int64 `json:"censored"`
	// Falls in the number of pieces.
	Regressions int64 `json:"regressions"`
	// Pieces at the completion threshold.
	Need int64 `json:"need,omitempty"`
}
