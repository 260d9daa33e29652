package record

import "time"

// Header stands first in every record, in this order. Type, by, run and seq
// are filled in by the Writer; by, run and seq together name a record for
// ever, so storing it twice does no harm.
type Header struct {
	// Kind of record.
	Type string `json:"type"`
	// Version of that kind; grows only when an old reader would draw a wrong
	// conclusion.
	V int `json:"v"`
	// When it happened, not when it was written: UTC, six decimals, "Z".
	TS time.Time `json:"ts"`
	// Command that wrote the record.
	By string `json:"by"`
	// Random id of that process's run, 16 hex digits.
	Run string `json:"run"`
	// Running number of the record in that run, from 1.
	Seq uint64 `json:"seq"`
}

// Head gives access to the common members of any kind.
func (h *Header) Head() *Header { return h }

// Record is a pointer to one of the kinds of this package.
type Record interface{ Head() *Header }
