package main

import (
	"github.com/urfave/cli/v2"

	"btkit/pkg/lsd"
)

const description = `Listens for the datagrams in which clients tell their local network what they
have (local service discovery, BEP 14), and writes a peer record for every address that has a torrent of
the stream. All records are passed on.

It announces the torrents of the stream in the same way, so that local clients connect to us, if there is
a port to be found at: that of a listen record, so put bt-listen in front, or --port. With
--listen-only it says nothing.

The peers found are neighbours with private addresses as a rule. bt-probe contacts those only with
--allow-private (or BT_ALLOW_PRIVATE=1 for the whole pipe).

It runs until it is stopped. With --once, each torrent is announced once, and it ends --wait TIME after
that. Clients announce each torrent every five minutes, so a round that hears all of them takes
longer than that. Private torrents are neither announced nor listened for (BEP 27).`

const politeness = `At most one datagram a minute is sent to a group on each interface, of at most 1400 bytes, and each torrent is
named every five minutes, or less often when there are more than some 120. The datagrams stay in the local network: routers don't
pass them on.

What is heard counts only from senders in a network of one of the interfaces or with a private address, only
so many times a second, and at most eight ports of one address. Our own datagrams are known by their cookie.`

const records = `A peer record has the source "lsd", and via is the address that the datagram came from. A request record with
ask "announce" is written for each torrent of each datagram sent; via is the group. Stat records count the datagrams
heard by outcome: ok, self, malformed, too-large, denied (from a foreign network), limit (too many) and unsupported (from a
link-local IPv6 address, which says nothing without its interface).`

func flags() []cli.Flag {
	return []cli.Flag{
		&cli.IntFlag{Name: "port", Usage: "announce `PORT`, unless a listen record names another (default: announce nothing without such a record)"},
		&cli.BoolFlag{Name: "listen-only", Usage: "announce nothing"},
		&cli.DurationFlag{Name: "wait", Value: lsd.DefaultWait, EnvVars: []string{"BT_LSD_WAIT"}, Usage: "with --once, listen for `TIME` after the last announce"},
		&cli.StringSliceFlag{Name: "interface", EnvVars: []string{"BT_LSD_INTERFACE"}, Usage: "listen and announce on the interface `NAME`, may be repeated (default: all that take part in multicast)"},
		&cli.StringSliceFlag{Name: "group", EnvVars: []string{"BT_LSD_GROUP"}, Usage: "use the multicast group `ADDRESS:PORT`, may be repeated; for networks of your own (default: the two of BEP 14)"},
		&cli.BoolFlag{Name: "4", Usage: "use IPv4 only"},
		&cli.BoolFlag{Name: "6", Usage: "use IPv6 only"},
	}
}
