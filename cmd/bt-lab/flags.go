package main

import (
	"time"

	"github.com/urfave/cli/v2"

	"btkit/pkg/cmdline"
	"btkit/pkg/lab"
	"btkit/pkg/lab/script"
)

func flags() []cli.Flag {
	d := script.Defaults()
	share := func(name string, value float64, usage string) cli.Flag {
		return &cli.Float64Flag{Name: name, Value: value, Usage: usage}
	}
	return []cli.Flag{
		&cli.Uint64Flag{Name: "seed", Value: d.Seed, Usage: "everything random follows from `NUMBER`"},
		&cli.IntFlag{Name: "torrents", Value: d.Torrents, Usage: "number of torrents, over which the peers are spread"},
		&cli.IntFlag{Name: "leechers", Value: d.Leechers, Usage: "peers that download"},
		&cli.IntFlag{Name: "seeds", Value: d.Seeds, Usage: "peers that have everything"},
		&cli.IntFlag{Name: "partial", Value: d.Partial, Usage: "peers that have a part and want no more (BEP 21)"},
		&cli.IntFlag{Name: "super", Value: d.Super, Usage: "seeds that hide their pieces (BEP 16)"},
		&cli.IntFlag{Name: "hostile", Usage: "peers that misbehave"},
		&cli.DurationFlag{Name: "duration", Value: d.Duration, Usage: "write the play for `TIME`"},
		&cli.IntFlag{Name: "finishing", Value: -1, Usage: "`NUMBER` of leechers that cross the threshold meanwhile (default: as --finish says)"},
		share("finish", d.Finish, "`SHARE` of leechers that cross the threshold meanwhile, 0 to 1"),
		share("unreachable", d.Unreachable, "`SHARE` of peers that take no connections"),
		share("mute", d.Mute, "`SHARE` of these, and of those behind a NAT, that do not dial out either"),
		share("lazy", d.Lazy, "`SHARE` of peers that hold back pieces from their bitfield at first"),
		share("busy", d.Busy, "`SHARE` of reachable peers that refuse every second visit"),
		share("leave", d.Leave, "`SHARE` of finishing leechers that leave 20 to 90 s after crossing, times the pace"),
		share("give-up", d.GiveUp, "`SHARE` of the other leechers that leave early"),
		share("regress", d.Regress, "`SHARE` of leechers that lose some pieces on their way"),
		share("present", d.Present, "`SHARE` of peers that are there at the beginning"),
		share("nat", 0, "`SHARE` of peers behind a NAT: they dial out, and many come out when a relay asks them to (BEP 55)"),
		share("shy", 0, "`SHARE` of peers that take connections and dial only those who have visited them"),
		share("encrypted", 0, "`SHARE` of peers that take no connection that is not encrypted"),
		share("utp-only", 0, "`SHARE` of peers that speak uTP only"),
		share("full", 0, "`CHANCE` that a newcomer meets a client without a free slot"),
		&cli.DurationFlag{Name: "leave-after", Usage: "finishing leechers leave `TIME`, times the pace, after their last piece (default: they stay)"},
		&cli.IntFlag{Name: "ipv6", Usage: "`NUMBER` of reachable peers that have an IPv6 address instead; all of them the one of this host"},
		share("tex", 0, "`SHARE` of peers that tell of one more tracker (BEP 28), which the torrents do not name then"),
		&cli.DurationFlag{Name: "min-below", Usage: "least `TIME` from coming to crossing; with --check, cases below it need not be found"},
		&cli.Float64Flag{Name: "pace", Usage: "multiply the spans in which clients lose patience by `FACTOR` (default: duration / 5m, at most 1)"},
		&cli.IntFlag{Name: "pieces", Value: d.Pieces, Usage: "pieces of a torrent"},
		&cli.Int64Flag{Name: "piece-bytes", Value: d.PieceBytes, Usage: "bytes of a piece"},
		&cli.IntFlag{Name: "dht-nodes", Value: 60, Usage: "nodes of the DHT"},
		&cli.IntFlag{Name: "interval", Value: 10, Usage: "`SECONDS` between announces that the tracker asks for"},
		&cli.IntFlag{Name: "numwant", Value: 200, Usage: "most peers in an answer of the tracker"},
		&cli.StringFlag{Name: "dir", Usage: "put the files into `DIR` (default: a new folder among the temporary files)"},
		&cli.StringFlag{Name: "truth", Usage: "write the truth to `FILE`, or read it there (default: truth.ndjson in --dir, or beside what is checked)"},
		&cli.DurationFlag{Name: "for", Usage: "interrupt COMMAND after `TIME`"},
		&cli.StringFlag{Name: "check", Usage: "compare the downloads in `FILE` with the truth"},
		&cli.DurationFlag{Name: "min-stay", Usage: "with --check: who leaves within `TIME` of crossing need not be found (default: a fifth of the play, at most 1m)"},
		&cli.DurationFlag{Name: "min-free", Usage: "with --check: whom newcomers could not reach for `TIME` before and after crossing, for want of a slot, need not be found (default: a quarter of --min-stay, at most 15s)"},
		share("recall", 0.99, "with --check: least `SHARE` of the others that must be found, of those that take connections"),
		&cli.Float64Flag{Name: "recall-nat", Usage: "with --check: the same `SHARE` with those that only dial out or come out of a NAT for a relay (default: as --recall)"},
		&cli.DurationFlag{Name: "second", Usage: "with --check: peers that stay incomplete must be read again within `TIME`, times the pace (default: that is not looked at)"},
		share("second-share", 0.95, "with --second: least `SHARE` of them"),
		&cli.Int64Flag{Name: "breaches", Usage: "with --check: at most `NUMBER` breaches of manners, as the clients of the peers see it"},
	}
}

// minStay is the flag as package check wants it: 0 leaves it to the play.
func minStay(s *cmdline.Session) time.Duration {
	if s.IsSet("min-stay") && s.Duration("min-stay") == 0 {
		return -1
	}
	return s.Duration("min-stay")
}

// options takes the lab's options from the flags.
func options(s *cmdline.Session) lab.Options {
	o := script.Defaults()
	o.Seed, o.Torrents = s.Uint64("seed"), s.Int("torrents")
	o.Leechers, o.Seeds, o.Partial, o.Super = s.Int("leechers"), s.Int("seeds"), s.Int("partial"), s.Int("super")
	o.Hostile, o.Duration = s.Int("hostile"), s.Duration("duration")
	o.Finishing, o.Finish = s.Int("finishing"), s.Float64("finish")
	o.Unreachable, o.Mute, o.Lazy, o.Busy = s.Float64("unreachable"), s.Float64("mute"), s.Float64("lazy"), s.Float64("busy")
	o.Leave, o.GiveUp, o.Regress, o.Present = s.Float64("leave"), s.Float64("give-up"), s.Float64("regress"), s.Float64("present")
	o.NAT, o.Encrypted, o.UTPOnly, o.Full = s.Float64("nat"), s.Float64("encrypted"), s.Float64("utp-only"), s.Float64("full")
	o.Shy = s.Float64("shy")
	o.LeaveAfter, o.IPv6, o.Tex = s.Duration("leave-after"), s.Int("ipv6"), s.Float64("tex")
	o.MinBelow, o.Pace = s.Duration("min-below"), s.Float64("pace")
	o.Pieces, o.PieceBytes = s.Int("pieces"), s.Int64("piece-bytes")
	return lab.Options{Script: o, Dir: s.String("dir"), Nodes: s.Int("dht-nodes"), IntervalS: s.Int("interval"), Peers: s.Int("numwant")}
}
