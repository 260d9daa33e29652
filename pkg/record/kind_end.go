package record

// End is the last record of every command.
type End struct {
	Header
	// Lines read.
	Seen int64 `json:"seen"`
	// Records written, this one left out.
	Wrote int64 `json:"wrote"`
	// Lines rejected as malformed.
	Rejected int64 `json:"rejected"`
	// Records that could not be used for want of room.
	Dropped int64 `json:"dropped"`
	// Why it ended: "eof", "done", "time", "signal" or "error".
	Why string `json:"why"`
}
