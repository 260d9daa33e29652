// Command bt-confirm counts confirmed downloads.
package main

import (
	"github.com/urfave/cli/v2"

	"btkit/pkg/cmdline"
	"btkit/pkg/confirm"
)

const description = `Reads progress records and writes a download record for every confirmed
download: a settled reading of a peer below the completion threshold, and a later one of the same
identity at or above it. All records are passed on.

Kept apart, and counted in the tally records: peers that were complete when first read (they
finished before they could be observed), partial seeds that want no more pieces, seeds that hide
their pieces, and peers that were never seen to finish. A fall in the number of pieces is flagged
by a regression record and undoes nothing.`

const identities = `A peer that we dialled is known by torrent, address and port; one that dialled us
by torrent, address and the port that it says it listens on, or by its peer id when it names no port. Two of
them are merged when the same peer id with the same client appears at both; an address alone never merges.
One is split when another client takes its place: another peer id together with another kind of client, or
with progress that falls by more than 5 %.`

func main() { cmdline.Main(command()) }

func command() *cmdline.Command {
	return &cmdline.Command{
		Name: "bt-confirm", Summary: "count confirmed downloads", Role: cmdline.Filter,
		Description: description,
		Flags: []cli.Flag{
			&cli.Int64Flag{Name: "threshold", Usage: "count as complete from `PERCENT` of the pieces on (default: as the readings say, 98)"},
			&cli.StringFlag{Name: "state", Usage: "keep what is known in `FILE`, so that a restart goes on where it ended"},
		},
		Examples: []cmdline.Example{
			{Text: "Count the downloads of a swarm for an hour", Line: "bt-peers-tracker x.torrent | bt-probe --for 1h | bt-confirm | grep '\"download\"'"},
			{Text: "Count again with another definition", Line: "bt-confirm --threshold 100 < visits.ndjson"},
		},
		Sections: []cmdline.Section{{Title: "Identities", Text: identities}},
		SeeAlso:  []string{"bt-probe(1)", "bt-store(1)"},
		Run:      run,
	}
}

func run(s *cmdline.Session) error {
	percent := s.Int64("threshold")
	if percent < 0 || percent > 100 {
		return cmdline.Usagef("flag --threshold is %d, expected 1 to 100", percent)
	}
	a, err := confirm.Open(confirm.Options{Percent: percent}, s.String("state"), s.Out)
	if err != nil {
		return &cmdline.Hinted{Err: err, Hint: "move the file away to begin anew"}
	}
	s.Progress(a.Status)
	return a.End(s.Each(a.Pass(s.Duration("stats"))))
}
