// Command bt-store keeps records in a SQLite database.
package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/urfave/cli/v2"

	"btkit/pkg/cmdline"
	"btkit/pkg/store"
)

func main() { cmdline.Main(command()) }

func command() *cmdline.Command {
	return &cmdline.Command{
		Name: "bt-store", Summary: "keep records in a SQLite database", Role: cmdline.Sink,
		Synopsis: "DATABASE", Description: description,
		Flags: []cli.Flag{
			&cli.BoolFlag{Name: "keep-ip", Usage: "store addresses and peer ids themselves, not keyed hashes of them"},
			&cli.StringFlag{Name: "key-file", Usage: "read the key for the hashes from `FILE`, or make it there"},
			&cli.StringFlag{Name: "spill", Usage: "append lines that cannot be stored to `FILE`, as they came"},
			&cli.DurationFlag{Name: "wait", Value: 10 * time.Second, Usage: "wait for `TIME` while another program writes to the database"},
			&cli.BoolFlag{Name: "peers", Usage: "write the database's torrents and unfinished peers as records, to continue a run"},
			&cli.BoolFlag{Name: "schema", Usage: "print tables and views as SQL with comments"},
		},
		Examples: []cmdline.Example{
			{Text: "Measure a swarm for a day", Line: "bt-peers-dht x.torrent | bt-probe --for 24h | bt-confirm | bt-store swarm.db"},
			{Text: "Keep what a full disk refuses, and store it later", Line: "bt-store --spill rest.ndjson swarm.db; bt-store swarm.db < rest.ndjson"},
			{Text: "Continue a run that was stored with --keep-ip", Line: "bt-store --peers kept.db | bt-probe --for 1h | bt-confirm | bt-store --keep-ip kept.db"},
			{Text: "Ask a question", Line: "sqlite3 -box swarm.db 'SELECT * FROM downloads_per_hour'"},
		},
		Sections: sections(),
		SeeAlso:  []string{"bt-confirm(1)", "sqlite3(1)"},
		Run:      run,
	}
}

func run(s *cmdline.Session) error {
	if s.Bool("schema") {
		return s.Out.Pass([]byte(store.Schema()))
	}
	path := s.Args().First()
	if s.NArg() != 1 {
		return &cmdline.UsageError{Err: fmt.Errorf("%d arguments given, expected the name of one database", s.NArg()),
			Hint: "bt-store swarm.db"}
	}
	if s.Bool("peers") {
		err := store.Unfinished(context.Background(), path, s.Out.Put)
		return hinted(errors.Join(err, s.Out.Put(s.End(err))))
	}
	return hinted(keep(s, path))
}

// hinted hands a problem's hint to the frame.
func hinted(err error) error {
	var p *store.Problem
	if errors.As(err, &p) {
		return &cmdline.Hinted{Err: err, Hint: p.Hint}
	}
	return err
}
