//go:build interop

package interop

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"os"
	"time"
)

// heard is a record of the toolkit, with the members that matter here. It is
// read without package record, so that what that says can be compared.
type heard struct {
	Type       string     `json:"type"`
	TS         time.Time  `json:"ts"`
	By         string     `json:"by"`
	InfoHash   string     `json:"infohash"`
	IP         netip.Addr `json:"ip"`
	Port       uint16     `json:"port"`
	Session    uint64     `json:"session"`
	Direction  string     `json:"direction"`
	Transport  string     `json:"transport"`
	Crypto     string     `json:"crypto"`
	Outcome    string     `json:"outcome"`
	Stage      string     `json:"stage"`
	Reason     string     `json:"reason"`
	ReasonSure float64    `json:"reason_sure"`
	Relay      string     `json:"relay"`
	TookMS     float64    `json:"took_ms"`
	RxBytes    int64      `json:"rx_bytes"`
	Client     string     `json:"client"`
	PeerID     string     `json:"peer_id"`
	Have       int        `json:"have"`
	Need       int        `json:"need"`
	Pieces     int        `json:"pieces"`
	Settled    bool       `json:"settled"`
	Oddities   []string   `json:"oddities"`
}

// began is when a visit began; its record is of its end.
func (h heard) began() time.Time {
	return h.TS.Add(-time.Duration(h.TookMS * float64(time.Millisecond)))
}

// accepted is whether a visit gave a reading.
func (h heard) accepted() bool { return h.Stage == "settled" }

// how is what it was spoken over.
func (h heard) how() string { return h.Transport + " " + h.Crypto }

// readHeard reads the records of the files; one that is not there has none.
func readHeard(paths ...string) (all []heard, err error) {
	for _, path := range paths {
		file, err := os.Open(path)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("read records: %w", err)
		}
		defer file.Close()
		lines := bufio.NewScanner(file)
		lines.Buffer(nil, 1<<20)
		for lines.Scan() {
			var h heard
			if err := json.Unmarshal(lines.Bytes(), &h); err != nil {
				return nil, fmt.Errorf("read record %q: %w", lines.Bytes(), err)
			}
			all = append(all, h)
		}
		if err := lines.Err(); err != nil {
			return nil, fmt.Errorf("read records of %s: %w", path, err)
		}
	}
	return all, nil
}

// pick gives those of all that are of this kind and from this address.
func pick(all []heard, kind string, ip netip.Addr) (some []heard) {
	for _, h := range all {
		if h.Type == kind && h.IP.Unmap() == ip {
			some = append(some, h)
		}
	}
	return some
}
