//go:build interop

package interop

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os/exec"
	"time"
)

// Database is one that bt-store writes, asked in the way of its man page.
type Database string

// ask gives what sqlite3 answers, as it prints it.
func (d Database) ask(sql string, options ...string) ([]byte, error) {
	out, err := exec.Command("sqlite3", append(append([]string{"-readonly"}, options...), string(d), sql)...).CombinedOutput()
	if err != nil {
		return nil, fmt.Errorf("sqlite3 %s (make interop installs it): %q: %w: %s", d, sql, err, bytes.TrimSpace(out))
	}
	return out, nil
}

// rows gives the answer row by row, columns by name.
func rows[Row any](d Database, sql string) (all []Row, err error) {
	out, err := d.ask(sql, "-json")
	if err != nil || len(bytes.TrimSpace(out)) == 0 {
		return nil, err
	}
	if err := json.Unmarshal(out, &all); err != nil {
		return nil, fmt.Errorf("%q: %w", sql, err)
	}
	return all, nil
}

// progressRow is a reading; Settled and Complete are 0 or 1.
type progressRow struct {
	TS                         time.Time
	IP, Client, Direction, How string
	Have, Pieces, Need         int
	Settled, Complete          int
}

// downloadRow is a confirmed download.
type downloadRow struct {
	IP, Client, Direction, Identity string
	FirstTS                         time.Time `json:"first_ts"`
	FirstHave                       int       `json:"first_have"`
	BelowTS                         time.Time `json:"below_ts"`
	BelowHave                       int       `json:"below_have"`
	AboveTS                         time.Time `json:"above_ts"`
	AboveHave                       int       `json:"above_have"`
	Need, Pieces                    int
}

// visitRow is a conversation or attempt.
type visitRow struct {
	TS                                    time.Time
	IP, Client, Direction, Outcome, Stage string
	Port                                  uint16
	TookMS                                float64 `json:"took_ms"`
}

// tallyRow is the last word of bt-confirm.
type tallyRow struct {
	Peers, Confirmed, Censored, Regressions int
	FirstComplete                           int `json:"first_complete"`
	PartialSeeds                            int `json:"partial_seeds"`
	SuperSeeds                              int `json:"super_seeds"`
}

// endRow is the last record of a command.
type endRow struct {
	By, Why                        string
	Seen, Wrote, Rejected, Dropped int64
}
