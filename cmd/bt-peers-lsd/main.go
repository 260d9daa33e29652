// Command bt-peers-lsd listens for the peers of the local network.
package main

import (
	"btkit/pkg/cmdline"
	"btkit/pkg/lsd"
)

func main() { cmdline.Main(command()) }

func command() *cmdline.Command {
	return &cmdline.Command{
		Name: "bt-peers-lsd", Summary: "listen for peers in the local network", Role: cmdline.Source,
		Synopsis: "[TORRENT ...]", Description: description, Flags: flags(),
		Examples: []cmdline.Example{
			{Text: "Who in this network has a torrent? Clients announce every five minutes", Line: "bt-peers-lsd --listen-only --once --wait 6m x.torrent | jq -r 'select(.type==\"peer\") | \"\\(.ip) \\(.port)\"'"},
			{Text: "Follow a swarm with its local peers, and be found by them", Line: "bt-listen x.torrent | bt-peers-lsd | bt-peers-tracker | bt-probe --allow-private | bt-confirm | bt-store x.db"},
		},
		Sections: []cmdline.Section{{Title: "Manners", Text: politeness}, {Title: "Records", Text: records}},
		SeeAlso:  []string{"bt-peers-tracker(1)", "bt-peers-dht(1)", "bt-listen(1)", "bt-probe(1)"},
		Run:      run,
	}
}

func run(s *cmdline.Session) error {
	o, err := options(s)
	if err != nil {
		return err
	}
	source := lsd.New(o)
	s.Progress(source.Status)
	s.Stats(source.Stat)
	return s.Follow(cmdline.Running(source, source.Run))
}
