// Command bt-meta makes torrent records of .torrent files and magnet links.
package main

import (
	"errors"
	"time"

	"github.com/urfave/cli/v2"

	"btkit/pkg/cmdline"
)

const description = `Writes a torrent record for every .torrent file and magnet link given: as a
file, as a folder (every *.torrent in it and below), as a magnet link, as a file with a magnet link per
line, or any of these on standard input. Records on standard input are passed on.

What cannot be read is reported with the byte at which something else was expected; the other inputs go
on, and the exit code is 3. A torrent with more trackers than fit into a line gives several records.

With --resolve the info dictionary of a magnet link is fetched from peers that the link itself (x.pe),
its trackers and the DHT name. It is taken from one peer alone and only with the right hash. The record
of the link is written at once, a fuller one when the info dictionary is there, and a request record for
every question asked. No content is transferred.`

func main() { cmdline.Main(command()) }

func command() *cmdline.Command {
	return &cmdline.Command{
		Name: "bt-meta", Summary: "torrent files and magnet links to records", Role: cmdline.Filter,
		Synopsis: "[FILE.torrent | FOLDER | MAGNET | FILE | -] ...", Description: description,
		Flags: []cli.Flag{
			&cli.BoolFlag{Name: "files", Usage: "write a record for every file of a torrent too"},
			&cli.BoolFlag{Name: "private", Usage: "leave out the name and the exact size"},
			&cli.BoolFlag{Name: "resolve", Aliases: []string{"r"}, Usage: "fetch the info dictionaries of magnet links from peers"},
			&cli.StringFlag{Name: "output", Aliases: []string{"o"}, Usage: "save what was fetched as .torrent files in `DIR`, named by info-hash"},
			&cli.DurationFlag{Name: "timeout", Value: 2 * time.Minute, Usage: "give up on a magnet link after `TIME`"},
			&cli.StringSliceFlag{Name: "bootstrap", EnvVars: []string{"BT_BOOTSTRAP"},
				Usage: "begin the search in the DHT at `HOST:PORT` (default: well-known nodes)"},
			&cli.BoolFlag{Name: "no-dht", Usage: "do not ask the DHT"},
			cmdline.AllowPrivate, cmdline.Deny,
		},
		Examples: []cmdline.Example{
			{Text: "Measure every torrent of a folder for a day", Line: "bt-meta torrents/ | bt-peers-tracker --for 24h | bt-probe | bt-confirm"},
			{Text: "Turn magnet links into .torrent files", Line: "bt-meta --resolve -o torrents/ links.txt > torrents.ndjson"},
		},
		SeeAlso: []string{"bt-peers-tracker(1)", "bt-peers-dht(1)"},
		Run:     run,
	}
}

func run(s *cmdline.Session) error {
	switch {
	case s.Bool("files") && s.Bool("private"):
		return &cmdline.UsageError{Err: errors.New("flags --files and --private exclude each other"),
			Hint: "--files names files and their sizes, which --private leaves out"}
	case s.String("output") != "" && !s.Bool("resolve"):
		return &cmdline.UsageError{Err: errors.New("flag --output needs --resolve"),
			Hint: "bt-meta --resolve --output DIR MAGNET"}
	}
	m := &meta{session: s}
	if s.Bool("resolve") {
		var err error
		if m.resolving, err = openResolving(m); err != nil {
			return err
		}
	}
	err := m.inputs()
	return errors.Join(err, m.resolving.close())
}
