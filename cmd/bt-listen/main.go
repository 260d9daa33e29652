// Command bt-listen takes connections from peers and reads how many pieces
// they have.
package main

import (
	"net/netip"
	"time"

	"github.com/urfave/cli/v2"

	"btkit/pkg/cmdline"
	"btkit/pkg/listen"
	"btkit/pkg/talk"
	"btkit/pkg/visit"
)

func main() { cmdline.Main(command()) }

func command() *cmdline.Command {
	rules := visit.DefaultRules()
	return &cmdline.Command{
		Name: "bt-listen", Summary: "take connections from peers and read how many pieces they have", Role: cmdline.Source,
		Synopsis: "[TORRENT ...]", Description: description,
		Flags: []cli.Flag{
			&cli.StringSliceFlag{Name: "address", Aliases: []string{"a"}, EnvVars: []string{"BT_LISTEN"}, Usage: "listen on `ADDRESS`, may be repeated (default: 0.0.0.0 and [::], the first free port from 6881 on)"},
			&cli.IntFlag{Name: "slots", Aliases: []string{"j"}, Value: 1024, Usage: "talk to up to `N` peers at once"},
			&cli.IntFlag{Name: "per-address", Value: 8, Usage: "talk to at most `N` peers of one address at once"},
			&cli.DurationFlag{Name: "timeout", Value: 10 * time.Second, Usage: "wait `TIME` for the handshake"},
			&cli.DurationFlag{Name: "hold", Usage: "end every conversation after `TIME` (default: hold as long as the peer may still get pieces)"},
			&cli.Int64Flag{Name: "threshold", Value: 98, Usage: "complete means `PERCENT` of the pieces"},
			&cli.DurationFlag{Name: "settle", Value: rules.Quiet, Usage: "trust a reading when no piece was announced for `TIME`"},
			&cli.DurationFlag{Name: "sample", Value: rules.Sample, Usage: "tell a changing reading every `TIME`"},
			&cli.BoolFlag{Name: "record-gaps", Usage: "write the longest silence of every visit, to calibrate the times above"},
			&cli.BoolFlag{Name: "bitfield", Usage: "write all pieces of every reading; lines then grow beyond 4096 bytes for more than about 19,000 pieces"},
			&cli.BoolFlag{Name: "no-utp", Usage: "take TCP connections only"},
			&cli.BoolFlag{Name: "no-encryption", Usage: "take connections in the clear only"},
			cmdline.Contact, cmdline.Deny, cmdline.AllowPrivate,
		},
		Examples: []cmdline.Example{
			{Text: "Be found through the trackers and wait", Line: "bt-listen x.torrent | bt-peers-tracker | bt-confirm"},
			{Text: "Listen on one address", Line: "bt-listen -a 192.0.2.7:6881 -a '[2001:db8::7]:6881' x.torrent | bt-peers-tracker | bt-probe | bt-store x.db"},
		},
		SeeAlso: []string{"bt-probe(1)", "bt-peers-tracker(1)", "bt-clients(7)"},
		Run:     run,
	}
}

func run(s *cmdline.Session) error {
	options, err := options(s)
	if err != nil {
		return err
	}
	sockets, err := open(s.StringSlice("address"), !s.Bool("no-utp"))
	if err != nil {
		return err
	}
	l := listen.New(options, sockets.listeners, s.Out)
	if err := l.Announce(); err != nil {
		return err
	}
	s.Progress(l.Text)
	s.Stats(l.Stat)
	return s.Follow(cmdline.Running(l, l.Work))
}

func options(s *cmdline.Session) (o listen.Options, err error) {
	policy, err := s.Policy()
	if err != nil {
		return o, err
	}
	if o.Slots, err = s.Slots(s.Int("slots")); err != nil {
		return o, err
	}
	if o.PeerID, err = cmdline.PeerID(); err != nil {
		return o, err
	}
	if t := s.Int64("threshold"); t < 1 || t > 100 {
		return o, cmdline.Usagef("flag --threshold is %d, expected 1 to 100", t)
	} else if s.IsSet("threshold") {
		o.Percent = t
	}
	o.Plain = s.Bool("no-encryption")
	o.PerAddr, o.Gaps, o.Manner, o.Rules = s.Int("per-address"), s.Bool("record-gaps"), talk.DefaultManner(), visit.DefaultRules()
	o.Manner.Handshake, o.Manner.Hold, o.Manner.Once = s.Duration("timeout"), s.Duration("hold"), s.Bool("once")
	o.Rules.Quiet, o.Rules.Sample, o.Rules.Bitfield = s.Duration("settle"), s.Duration("sample"), s.Bool("bitfield")
	o.Client = talk.ClientOf(s.String("contact"))
	o.Allow = func(a netip.Addr) error { return policy.Allow(a) }
	return o, nil
}
