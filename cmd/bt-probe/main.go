// Command bt-probe visits peers and reads how many pieces they have.
package main

import (
	"fmt"
	"math/rand/v2"
	"net/netip"

	"btkit/pkg/cmdline"
	"btkit/pkg/probe"
	"btkit/pkg/talk"
	"btkit/pkg/visit"
)

func main() { cmdline.Main(command()) }

func command() *cmdline.Command {
	return &cmdline.Command{
		Name: "bt-probe", Summary: "visit peers and read how many pieces they have", Role: cmdline.Source,
		Synopsis: "[TORRENT ...]", Description: description, Flags: flags(),
		Examples: []cmdline.Example{
			{Text: "Follow a swarm for a day", Line: "bt-peers-tracker x.torrent | bt-peers-dht | bt-probe --for 24h | bt-confirm | bt-store x.db"},
			{Text: "Look at every peer once", Line: "bt-peers-tracker --once x.torrent | bt-probe --once"},
		},
		Sections: []cmdline.Section{{Title: "Visits", Text: visits}, {Title: "Ways to a peer", Text: ways}},
		SeeAlso:  []string{"bt-listen(1)", "bt-confirm(1)", "bt-clients(7)"},
		Run:      run,
	}
}

func run(s *cmdline.Session) error {
	options, err := options(s)
	if err != nil {
		return err
	}
	d, err := reach(s, &options)
	if err != nil {
		return err
	}
	defer d.Close()
	p := probe.New(options, s.Out)
	s.Progress(p.Text)
	s.Stats(p.Stat)
	err = s.Follow(cmdline.Running(p, p.Work))
	if n := p.Nameless(); n > 0 {
		s.Dropped(n)
		s.Log.Warn(fmt.Sprintf("%d peers belong to torrents that no torrent record named", n))
	}
	return err
}

func options(s *cmdline.Session) (o probe.Options, err error) {
	policy, err := s.Policy()
	if err != nil {
		return o, err
	}
	slots, err := s.Slots(s.Int("slots"))
	if err != nil {
		return o, err
	}
	if err := check(s); err != nil {
		return o, err
	}
	id, err := cmdline.PeerID()
	if err != nil {
		return o, err
	}
	manner, rules := talk.DefaultManner(), visit.DefaultRules()
	manner.Handshake, manner.Hold, manner.KeepAlive = s.Duration("timeout"), s.Duration("hold"), s.Duration("keep-alive")
	rules.Quiet, rules.Sample, rules.Bitfield = s.Duration("settle"), s.Duration("sample"), s.Bool("bitfield")
	o = probe.Options{
		Slots: slots, Rate: s.Float64("rate"), PerNet: s.Int("per-net"), Once: s.Bool("once"), Revisit: s.Duration("revisit"),
		Gaps: s.Bool("record-gaps"), Manner: manner, Rules: rules, Self: talk.Self{PeerID: id, Client: talk.ClientOf(s.String("contact"))},
		Roll: rand.Float64, Allow: func(a netip.Addr) error { return policy.Allow(a) },
	}
	if s.IsSet("threshold") {
		o.Percent = s.Int64("threshold")
	}
	return o, nil
}
