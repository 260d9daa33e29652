// Command bt-geo adds places to records.
package main

import (
	"context"
	"errors"
	"os"

	"github.com/urfave/cli/v2"

	"btkit/pkg/cmdline"
	"btkit/pkg/geo"
	"btkit/pkg/record"
)

func main() { cmdline.Main(command()) }

func command() *cmdline.Command {
	return &cmdline.Command{
		Name: "bt-geo", Summary: "add city, country, coordinates and network to every address", Role: cmdline.Filter,
		Description: about,
		Flags: []cli.Flag{
			&cli.StringSliceFlag{Name: "db", Usage: "use the database `FILE`, or those in a folder; may be given several times"},
			&cli.StringFlag{Name: "lang", Value: "en", Usage: "name cities in `LANGUAGE`, where the database has it"},
			&cli.BoolFlag{Name: "rdns", Usage: "add the registrable domain of the address's host name (asks the DNS)"},
			&cli.StringFlag{Name: "resolver", Usage: "ask the DNS server at `ADDRESS` instead of the system's"},
			&cli.Float64Flag{Name: "rdns-rate", Value: 50, Usage: "ask about at most `N` addresses per second, 0 for no limit"},
			cmdline.AllowPrivate,
		},
		Examples: []cmdline.Example{
			{Text: "Count the peers of a swarm by country", Line: "bt-peers-tracker --once x.torrent | bt-geo | jq -r 'select(.type==\"peer\").geo.country' | sort | uniq -c"},
			{Text: "Mark records again with newer databases", Line: "bt-geo --db dbip-city-lite.mmdb --db dbip-asn-lite.mmdb < visits.ndjson"},
		},
		Sections: []cmdline.Section{
			{Title: "Member", Text: memberText}, {Title: "Databases", Text: databaseText}, {Title: "Host names", Text: hostText},
		},
		SeeAlso: []string{"bt-confirm(1)", "bt-record(5)", "bt-store(1)", "mmdblookup(1)"},
		Run:     run,
	}
}

func run(s *cmdline.Session) error {
	ask, err := namesOptions(s)
	if err != nil {
		return err
	}
	atlas, err := geo.Open(geo.Options{Files: s.StringSlice("db"), List: os.Getenv("BT_GEOIP"), Lang: s.String("lang"), Log: s.Log})
	if err != nil {
		return &cmdline.Hinted{Err: err, Hint: geo.Hint}
	}
	s.Log.Info("databases", "from", atlas.Describe())
	defer reloadOnHangup(s, atlas)()
	f := &geo.Filter{Atlas: atlas, Out: s.Out}
	if s.Bool("rdns") {
		f.Names = geo.NewNames(ask)
	}
	s.Progress(func() string { return status(f) })
	s.Stats(func() *record.Stat { return stat(f) })
	err = s.Each(f.Pass)
	if f.Names != nil {
		s.Dropped(f.Names.Close(patience(s, err)))
	}
	return errors.Join(err, atlas.Err())
}

// patience is how long answers are waited for: not at all after an error.
func patience(s *cmdline.Session, err error) context.Context {
	if err == nil {
		return s.Live
	}
	ctx, cancel := context.WithCancel(s.Live)
	cancel()
	return ctx
}
