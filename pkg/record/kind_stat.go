package record

// Stat tells how a long-running command is doing.
type Stat struct {
	Header
	// Peers or torrents known.
	Known *int64 `json:"known,omitempty"`
	// Waiting for their turn.
	Queue *int64 `json:"queue,omitempty"`
	// Conversations or requests under way.
	InFlight *int64 `json:"in_flight,omitempty"`
	// Conversations among them that have settled and are held.
	Held *int64 `json:"held,omitempty"`
	// Most that may be under way at once.
	Limit *int64 `json:"limit,omitempty"`
	// Seconds that a round through all waiting peers takes at the pace at which
	// visits end now.
	RoundS *float64 `json:"round_s,omitempty"`
	// Successes since the start.
	OK *int64 `json:"ok,omitempty"`
	// Conversations that peers opened to us after we had tried them, since the
	// start.
	DialBacks *int64 `json:"dial_backs,omitempty"`
	// Ends by outcome since the start.
	Outcomes map[string]int64 `json:"outcomes,omitempty"`
	// Share of the limit in use since the last such record, 0 to 1.
	Workload *float64 `json:"workload,omitempty"`
	// Load average of the last minute.
	LoadAverage *float64 `json:"load_average,omitempty"`
	// Resident memory in bytes.
	RSSBytes int64 `json:"rss_bytes,omitempty"`
	// Open file descriptors.
	OpenFiles int64 `json:"open_files,omitempty"`
}
