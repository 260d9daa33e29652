// Command bt-peers-dht asks the DHT for the peers of torrents.
package main

import (
	"errors"

	"github.com/urfave/cli/v2"

	"btkit/pkg/cmdline"
	"btkit/pkg/dht"
)

func main() { cmdline.Main(command()) }

func command() *cmdline.Command {
	return &cmdline.Command{
		Name: "bt-peers-dht", Summary: "ask the DHT for the peers of torrents", Role: cmdline.Source,
		Synopsis: "[TORRENT ...]", Description: description, Flags: flags(),
		Examples: []cmdline.Example{
			{Text: "List the peers of a torrent", Line: "bt-peers-dht --once x.torrent | jq -r 'select(.type==\"peer\") | \"\\(.ip) \\(.port)\"'"},
			{Text: "Estimate the size of a swarm without visiting anybody", Line: "bt-peers-dht --once --exhaustive x.torrent | jq 'select(.type==\"request\") | {seeders_est, leechers_est}'"},
			{Text: "Follow many torrents and start quickly the next time", Line: "bt-meta torrents/ | bt-peers-dht --nodes ~/.cache/dht-nodes | bt-probe"},
		},
		Sections: []cmdline.Section{{Title: "Lookups", Text: lookups}, {Title: "Records", Text: records}, {Title: "Manners", Text: manners}},
		SeeAlso:  []string{"bt-peers-tracker(1)", "bt-probe(1)"},
		Run:      run,
	}
}

func flags() []cli.Flag {
	return []cli.Flag{
		&cli.StringSliceFlag{Name: "bootstrap", EnvVars: []string{"BT_BOOTSTRAP"}, Usage: "begin with the node `HOST:PORT`, may be repeated (default: well-known public nodes)"},
		&cli.StringFlag{Name: "nodes", EnvVars: []string{"BT_NODES"}, Usage: "keep good nodes in `FILE`, so that the next start needs no bootstrap node"},
		&cli.DurationFlag{Name: "every", EnvVars: []string{"BT_DHT_EVERY"}, Usage: "look each torrent up every `TIME`, at least 5m (default: 15m, exhaustive 30m)"},
		&cli.BoolFlag{Name: "impatient", EnvVars: []string{"BT_IMPATIENT"}, Usage: "allow --every to be shorter; for networks of your own"},
		&cli.BoolFlag{Name: "exhaustive", Usage: "collect as many peers as there are: ask more nodes, and those that have many peers again"},
		&cli.BoolFlag{Name: "control", Usage: "ask nodes that name peers for a random torrent too, and drop those that name peers for it"},
		&cli.StringSliceFlag{Name: "family", Usage: "ask only the `FAMILY` ipv4 or ipv6 (default: both)"},
		&cli.Float64Flag{Name: "rate", Value: dht.DefaultRate, Usage: "send at most `N` queries per second, all torrents together; 500 is the most"},
		&cli.IntFlag{Name: "per-node", Value: dht.DefaultNodeQuota, Usage: "send at most `N` queries to one public address within ten minutes, 0 for no such limit"},
		&cli.BoolFlag{Name: "trace", Usage: "write a query record for every question to a node, and a lookup record for every lookup"},
		cmdline.Bind, cmdline.Deny, cmdline.AllowPrivate,
	}
}

func run(s *cmdline.Session) (err error) {
	var trace *dht.Tracer
	if s.Bool("trace") {
		trace = dht.NewTracer(s.Out, s.Out.By())
	}
	config, err := config(s, trace)
	if err != nil {
		return err
	}
	client, err := dht.Open(config)
	if errors.Is(err, dht.ErrNotNodeFile) {
		return &cmdline.Hinted{Err: err, Hint: "--nodes names a file of its own, which is made when it is not there"}
	}
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, client.Close()) }()
	source := dht.NewSource(client, s.Out)
	source.Every, source.Once, source.Trace = s.Duration("every"), s.Bool("once"), trace
	source.Follow = len(config.From) == 0
	s.Progress(source.Status)
	s.Stats(source.Stat)
	return s.Follow(cmdline.Running(source, source.Run))
}
