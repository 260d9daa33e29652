// Command bt-peers-tracker asks trackers for peers.
package main

import (
	"io"
	"log"

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
			{Text: "Ask the trackers that peers named in an earlier run too", Line: "(bt-meta x.torrent; sqlite3 x.db \"SELECT json_object('type','torrent','infohash',infohash,'source',source,'trackers',json(trackers)) FROM torrent WHERE source='tex'\") | bt-peers-tracker | bt-probe | bt-confirm | bt-store x.db"},
			{Text: "Follow a swarm for a day and be found in it", Line: "bt-listen x.torrent | bt-peers-tracker --for 24h | bt-probe | bt-confirm | bt-store x.db"},
		},
		Sections: []cmdline.Section{{Title: "Manners", Text: politeness}, {Title: "Records", Text: records}},
		SeeAlso:  []string{"bt-meta(1)", "bt-peers-dht(1)", "bt-listen(1)", "bt-probe(1)"},
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
	log.SetOutput(io.Discard) // package net/http remarks there on servers that talk out of turn
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
