// Command bt-peers-tracker asks trackers for peers.
package main

import (
	"math"

	"btkit/pkg/announce"
	"btkit/pkg/cmdline"
	"btkit/pkg/tracker"
)

func main() { cmdline.Main(command()) }

func command() *cmdline.Command {
	return &cmdline.Command{
		Name: "bt-peers-tracker", Summary: "ask trackers for peers", Role: cmdline.Source,
		Synopsis: "[TORRENT ...]", Description: description, Flags: flags(),
		Examples: []cmdline.Example{
			{Text: "The addresses that the trackers of a torrent give now", Line: "bt-peers-tracker --once x.torrent | jq -r 'select(.type==\"peer\") | \"\\(.ip) \\(.port)\"'"},
			{Text: "Seeders and leechers of many torrents, without entering a swarm", Line: "bt-meta torrents/ | bt-peers-tracker --once --scrape-only | jq -r 'select(.ask==\"scrape\") | [.infohash,.via,.seeders,.leechers] | @tsv'"},
			{Text: "Follow a swarm for a day and be found in it", Line: "bt-listen x.torrent | bt-peers-tracker --for 24h | bt-probe | bt-confirm | bt-store x.db"},
		},
		Sections: []cmdline.Section{{Title: "Manners", Text: politeness}, {Title: "Records", Text: records}},
		SeeAlso:  []string{"bt-meta(1)", "bt-peers-dht(1)", "bt-listen(1)", "bt-probe(1)", "bt-record(5)"},
		Run:      run,
	}
}

func run(s *cmdline.Session) error {
	o, err := options(s)
	if err != nil {
		return err
	}
	policy, err := s.Policy()
	if err != nil {
		return err
	}
	client := tracker.New(tracker.Options{Allow: policy.Allow, Timeout: s.Duration("timeout"), UserAgent: s.String("user-agent")})
	defer client.Close()
	o.Asker = client
	a := announce.New(o)
	s.Progress(a.Status)
	s.Stats(a.Stat)
	err = s.Follow(cmdline.Running(a, a.Run))
	if n := a.Skipped(); n > 0 {
		s.Log.Warn("questions left out because their tracker could not be reached", "number", n)
	}
	return err
}

func options(s *cmdline.Session) (o announce.Options, err error) {
	if o.AtOnce, err = s.Slots(announce.DefaultAtOnce); err != nil {
		return o, err
	}
	if o.PeerID, err = cmdline.PeerID(); err != nil {
		return o, err
	}
	port, perHost, want := s.Int("port"), s.Int("per-host"), s.Int("numwant")
	switch {
	case port < 1 || port > math.MaxUint16:
		return o, cmdline.Usagef("flag --port is %d, expected 1 to 65535", port)
	case perHost < 1:
		return o, cmdline.Usagef("flag --per-host is %d, expected at least 1", perHost)
	case want < 1:
		return o, cmdline.Usagef("flag --numwant is %d, expected at least 1", want)
	case s.Duration("timeout") <= 0 || s.Duration("every") < 0 || s.Float64("rate") < 0:
		return o, cmdline.Usagef("flags --timeout, --every and --rate want a positive value")
	case s.Bool("scrape-only") && s.Bool("no-scrape"):
		return o, cmdline.Usagef("--scrape-only and --no-scrape leave nothing to do")
	}
	o.Port, o.PerHost, o.Burst, o.NumWant, o.Rate = uint16(port), perHost, perHost, want, s.Float64("rate")
	if o.Rate == 0 {
		o.Rate = -1 // no limit
	}
	o.Every, o.Impatient, o.Once = s.Duration("every"), s.Bool("impatient"), s.Bool("once")
	o.ScrapeOnly, o.NoScrape, o.Families = s.Bool("scrape-only"), s.Bool("no-scrape"), families(s)
	o.Out, o.Log, o.Dropped = s.Out, s.Log, s.Dropped
	return o, nil
}

// families are those asked for; both if none is.
func families(s *cmdline.Session) []tracker.Family {
	four, six := s.Bool("4"), s.Bool("6")
	switch {
	case four && !six:
		return []tracker.Family{tracker.IPv4}
	case six && !four:
		return []tracker.Family{tracker.IPv6}
	}
	return []tracker.Family{tracker.IPv4, tracker.IPv6}
}
