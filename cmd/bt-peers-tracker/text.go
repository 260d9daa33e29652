package main

import (
	"github.com/urfave/cli/v2"

	"btkit/pkg/announce"
	"btkit/pkg/cmdline"
	"btkit/pkg/tracker"
)

const description = `Asks every tracker of every tier of every torrent, over HTTP, HTTPS and UDP,
IPv4 and IPv6, and writes a peer record for every address that it did not give before in this run. All
records are passed on.

Each tracker is announced to as often as it wishes, and scraped: many torrents in one question where
it allows that. A torrent that comes down the line again with more trackers is asked of these too. The
port and the peer id of a listen record are announced, so put bt-listen in front to be found.

Peers name trackers too (bt-probe and bt-listen write those as torrent records with the source "tex"). These commands stand
further down the line, so what they find helps the next run: see the examples.

A tracker lists the address that an announce comes from. Where a listen record names one address of this host, all questions
after it come from there, or, if it is a loopback address, those to trackers whose URL names one too. --bind overrides
that; a family of which it names no address is then not asked. BT_BIND, with commas between addresses, is also bt-probe's,
which chooses among all of them: here the first of each family counts.

With --local-tracker the network that this host is in may name trackers of its own (BEP 22): the host name of our external
address, or its domain, is looked up in the DNS, and what it names is asked for all torrents but private ones, and written as
torrent records with the source "local". Our address is what --external-ip says, a public one of this host, or what trackers
say. Few networks have such trackers, and those that do often have them at private addresses (--allow-private).

It runs until it is stopped. With --once, each tracker is asked once.`

const politeness = `A tracker's interval and min interval are obeyed, the interval taken as at least five
minutes and at most a day; --every only lengthens them, unless --impatient says that the tracker is one's own. One that cannot be reached, or fails, is asked again after 30
seconds, then after twice as long each time up to an hour, with a fifth of that by chance; "retry in" is
obeyed, and after "never" the tracker is not asked for that torrent again. A tracker that only peers or the network named is
given up after three failures.

One tracker host is asked at most --per-host questions at once, and begins at most --rate of them per
second. Many torrents at one tracker therefore take their time: 3600 torrents an hour at the usual rate.

Each announce says event=started until the tracker has heard it, then nothing; at the end all trackers that
list us are told event=stopped, within five seconds. What is left to download is the size of the torrent,
so that nobody takes us for a seed; nothing is ever said to be downloaded or uploaded. --scrape-only leaves no
trace in any list of peers, and finds no peers.

Private torrents are asked of their trackers like others: ask their owners first.`

const records = `A request record is written for each question, with ask "announce", "scrape" or
"stopped". A scrape of many torrents writes one for each of them, the bytes received in the first. Whatever a
tracker answers ends as the outcome of that one request. Words in oddities that begin with
"skipped-" say why addresses were left out. User and password of a URL are never written. A URL of another scheme than
http, https and udp gives one record in a run, with the outcome "unsupported". Where a tracker says that a peer takes encrypted
connections only, the peer record has encryption.`

func flags() []cli.Flag {
	return []cli.Flag{
		&cli.DurationFlag{Name: "every", EnvVars: []string{"BT_TRACKER_EVERY"}, Usage: "ask each tracker every `TIME`, or later if it wishes so"},
		&cli.BoolFlag{Name: "impatient", EnvVars: []string{"BT_TRACKER_IMPATIENT"}, Usage: "ask every --every TIME though the tracker wishes for more; only for trackers of your own"},
		&cli.BoolFlag{Name: "scrape-only", Usage: "do not announce: nobody hears of us, and no peers are found"},
		&cli.BoolFlag{Name: "no-scrape", Usage: "do not scrape"},
		&cli.IntFlag{Name: "port", Value: announce.DefaultPort, Usage: "announce `PORT`, unless a listen record names another"},
		&cli.IntFlag{Name: "numwant", Value: announce.DefaultNumWant, Usage: "ask for `N` peers; trackers give 50 to 200 at most"},
		&cli.IntFlag{Name: "per-host", Value: announce.DefaultPerHost, EnvVars: []string{"BT_TRACKER_PER_HOST"}, Usage: "put at most `N` questions to one tracker host at once"},
		&cli.Float64Flag{Name: "rate", Value: announce.DefaultRate, EnvVars: []string{"BT_TRACKER_RATE"}, Usage: "begin at most `N` questions to one tracker host per second, 0 for no limit"},
		&cli.DurationFlag{Name: "timeout", Value: tracker.DefaultTimeout, Usage: "give an HTTP tracker `TIME` to answer; a UDP tracker gets half of it, then all, then twice as much"},
		&cli.StringFlag{Name: "user-agent", Value: "btkit/" + cmdline.Version, EnvVars: []string{"BT_USER_AGENT"}, Usage: "call ourselves `NAME` over HTTP, for instance with an address to write to"},
		&cli.BoolFlag{Name: "local-tracker", EnvVars: []string{"BT_LOCAL_TRACKER"}, Usage: "look for trackers of the network that this host is in (asks the DNS)"},
		&cli.StringSliceFlag{Name: "external-ip", Usage: "with --local-tracker, take `ADDRESS` for our own as others see it, may be repeated"},
		&cli.StringFlag{Name: "resolver", Usage: "with --local-tracker, ask the DNS server at `ADDRESS` instead of the system's"},
		&cli.BoolFlag{Name: "4", Usage: "ask over IPv4 only"},
		&cli.BoolFlag{Name: "6", Usage: "ask over IPv6 only"},
		cmdline.Bind, cmdline.Deny, cmdline.AllowPrivate,
	}
}
