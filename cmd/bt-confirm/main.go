// Command bt-confirm counts confirmed downloads.
package main

import (
	"fmt"

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

const classes = `Each peer is in one class of the tally; confirmed and complete when first read are for good.

A partial seed (BEP 21) lacks pieces and says that it wants no more: its user skipped files. Below the threshold it
is not a download, however much of its selection it has; it becomes one if it goes on and crosses. Those that
were seen to get pieces until they wanted no more have finished their selection: partial_finished counts them,
as part of partial_seeds, and the view selections of bt-store lists them. A peer that wants no more at or above the threshold has crossed like any other.

A seed that hides its pieces (BEP 16) begins a conversation with nothing, reveals one or two pieces, one more
whenever others have passed on what it showed, and all of them at once when it stops. So a reading of few
pieces (up to 2 and 1 % of them) in a conversation that began with nothing proves no leecher, and such a peer
that is complete next time is not confirmed; neither is one that goes from there to the threshold within
seconds. After three such conversations it is counted as a super-seed. A reading of no piece at all is
believed if a later conversation finds the peer complete.

A peer that says nothing of its pieces is not read at all, though its client may be known to be silent when
it has none: rTorrent that hides all its pieces says the same.`

const identities = `A peer that we dialled is known by torrent, address and port; one that dialled us
by torrent, address and the port that it says it listens on, or by its peer id when it names no port. The two swarms of
a hybrid torrent (BEP 52) count as one, under the info-hash of the two that was known first. Two identities are merged when the same peer id with the same client appears at both; an address alone never merges.
One is split when another client takes its place: another peer id together with another kind of client, or
with progress that falls by more than 5 %.`

const state = `The file named by --state is written every minute of the stream and at the end, readable by its
owner only. It holds digests of addresses, not addresses; but whoever has it can try all addresses, so treat it as
confidential and remove it with the study.`

func main() { cmdline.Main(command()) }

func command() *cmdline.Command {
	return &cmdline.Command{
		Name: "bt-confirm", Summary: "count confirmed downloads", Role: cmdline.Filter,
		Description: description,
		Flags: []cli.Flag{
			&cli.Int64Flag{Name: "threshold", Usage: "count as complete from `PERCENT` of the pieces on (default: as the readings say, 98)"},
			&cli.BoolFlag{Name: "anew", Usage: "leave out what an earlier count found: its downloads, tallies and regressions"},
			&cli.StringFlag{Name: "state", Usage: "keep what is known in `FILE`, so that a restart goes on where it ended"},
		},
		Examples: []cmdline.Example{
			{Text: "Count the downloads of a swarm for an hour", Line: "bt-peers-tracker x.torrent | bt-probe --for 1h | bt-confirm | grep '\"download\"'"},
			{Text: "Count again with another definition", Line: "bt-confirm --anew --threshold 100 < records.ndjson"},
		},
		Sections: []cmdline.Section{{Title: "Classes", Text: classes}, {Title: "Identities", Text: identities}, {Title: "State", Text: state}},
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
	if s.Bool("anew") {
		a.Anew()
	}
	s.Progress(a.Status)
	err = a.End(s.Each(a.Pass(s.Duration("stats"))))
	if n := a.Earlier(); n > 0 && !s.Bool("anew") {
		s.Log.Warn(fmt.Sprintf("the records hold %d downloads of an earlier count, which now stand beside ours; --anew leaves them out", n))
	}
	return err
}
