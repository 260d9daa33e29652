// Command bt-probe visits peers and reads how many pieces they have.
package main

import (
	"math/rand/v2"
	"net/netip"
	"time"

	"github.com/urfave/cli/v2"

	"btkit/pkg/cmdline"
	"btkit/pkg/probe"
	"btkit/pkg/talk"
	"btkit/pkg/transport/tcp"
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
		Sections: []cmdline.Section{{Title: "Visits", Text: visits}},
		SeeAlso:  []string{"bt-listen(1)", "bt-confirm(1)"},
		Run:      run,
	}
}

func flags() []cli.Flag {
	manner, rules := talk.DefaultManner(), visit.DefaultRules()
	return []cli.Flag{
		&cli.IntFlag{Name: "slots", Aliases: []string{"j"}, Value: 512, EnvVars: []string{"BT_SLOTS"}, Usage: "hold up to `N` conversations at once"},
		&cli.Float64Flag{Name: "rate", Value: 100, EnvVars: []string{"BT_RATE"}, Usage: "open at most `N` connections per second, 0 for no limit"},
		&cli.IntFlag{Name: "per-net", Value: 16, EnvVars: []string{"BT_PER_NET"}, Usage: "talk to at most `N` peers of one network (IPv4 /24, IPv6 /48) at once, 0 for no limit"},
		&cli.DurationFlag{Name: "timeout", Value: 10 * time.Second, Usage: "wait `TIME` for a connection, and again for the handshake"},
		&cli.DurationFlag{Name: "hold", Usage: "end every conversation after `TIME` (default: hold as long as the peer may still get pieces)"},
		&cli.DurationFlag{Name: "revisit", Value: time.Minute, EnvVars: []string{"BT_REVISIT"}, Usage: "come back to a peer not sooner than after `TIME`"},
		&cli.Int64Flag{Name: "threshold", Value: 98, Usage: "complete means `PERCENT` of the pieces"},
		&cli.DurationFlag{Name: "settle", Value: rules.Quiet, Usage: "trust a reading when no piece was announced for `TIME`"},
		&cli.DurationFlag{Name: "sample", Value: rules.Sample, Usage: "tell a changing reading every `TIME`"},
		&cli.DurationFlag{Name: "keep-alive", Value: manner.KeepAlive, Usage: "send a keep-alive every `TIME`"},
		&cli.BoolFlag{Name: "record-gaps", Usage: "write the longest silence of every visit, to calibrate the times above"},
		&cli.BoolFlag{Name: "bitfield", Usage: "write all pieces of every reading; lines then grow beyond 4096 bytes for more than about 19,000 pieces"},
		cmdline.Deny, cmdline.AllowPrivate,
	}
}

func run(s *cmdline.Session) error {
	options, err := options(s)
	if err != nil {
		return err
	}
	p := probe.New(options, s.Out)
	s.Progress(p.Text)
	s.Stats(p.Stat)
	return s.Follow(cmdline.Running(p, p.Work))
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
	if t := s.Int64("threshold"); t < 1 || t > 100 {
		return o, cmdline.Usagef("flag --threshold is %d, expected 1 to 100", t)
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
		Gaps: s.Bool("record-gaps"), Manner: manner, Rules: rules, Self: talk.Self{PeerID: id},
		Dial: tcp.Dialer{Timeout: s.Duration("timeout")}.Dial, Transport: "tcp", Roll: rand.Float64,
		Allow: func(a netip.Addr) error { return policy.Allow(a) },
	}
	if s.IsSet("threshold") {
		o.Percent = s.Int64("threshold")
	}
	return o, nil
}
