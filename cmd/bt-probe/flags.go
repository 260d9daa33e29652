package main

import (
	"time"

	"github.com/urfave/cli/v2"

	"btkit/pkg/cmdline"
	"btkit/pkg/talk"
	"btkit/pkg/visit"
)

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
		&cli.StringSliceFlag{Name: "bind", EnvVars: []string{"BT_BIND"}, Usage: "come from `ADDRESS`, may be repeated: each peer sees the one of best rank (BEP 40); peers of a family of which none is named are not visited"},
		&cli.BoolFlag{Name: "no-utp", Usage: "speak TCP only"},
		&cli.BoolFlag{Name: "no-encryption", Usage: "speak in the clear only"},
		cmdline.Contact, cmdline.Deny, cmdline.AllowPrivate,
	}
}

// leastKeepAlive is what clients still don't take for flooding: BiglyBT bears six
// keep-alives a minute.
const leastKeepAlive = 10 * time.Second

// check refuses values that make no sense or no friends.
func check(s *cmdline.Session) error {
	switch {
	case s.Int64("threshold") < 1 || s.Int64("threshold") > 100:
		return cmdline.Usagef("flag --threshold is %d, expected 1 to 100", s.Int64("threshold"))
	case s.Duration("keep-alive") < leastKeepAlive:
		return cmdline.Usagef("flag --keep-alive is %v, expected at least %v", s.Duration("keep-alive"), leastKeepAlive)
	case s.Duration("timeout") <= 0, s.Duration("settle") <= 0, s.Duration("sample") <= 0:
		return cmdline.Usagef("flags --timeout, --settle and --sample must be longer than 0")
	}
	return nil
}
