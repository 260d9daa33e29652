// Command bt-lab runs a command beside a swarm with known truth.
package main

import (
	"btkit/pkg/cmdline"
)

const description = `Starts a swarm in a bottle: a tracker (HTTP and UDP), nodes of a DHT and peers on
127.x addresses, which come, download, tell of it as real clients do, and go. Then it runs COMMAND, waits for it, and
writes down the truth about every peer. It ends with the exit status of COMMAND.

COMMAND finds the swarm in its environment: BT_LAB_TORRENTS and the others below. Unless BT_FOR is set, it
is set to the span of the play, so that a chain of bt commands ends by itself. Without COMMAND the
swarm runs until it is stopped.

No content is transferred. All traffic stays on 127.0.0.0/8.

With --check it compares the downloads of a database of bt-store, or of a file of records, with the
truth instead: which are true, which are false, which are missing and why. The exit status is 1 when there is a false one,
when too few were found of those that had to be, or when visitors showed bad manners. Those had to be found who take connections, open
them or come out of a NAT for a relay, stayed for --min-stay after crossing the threshold, and had a free slot
for --min-free before and after it.`

const files = `In the folder of the lab (--dir), with absolute paths in the environment: a .torrent file for each torrent; magnets, a magnet link per line; nodes, some
nodes of the DHT as bt-peers-dht keeps them; env, the environment below for a shell's "."; truth.ndjson, at the end.`

const environment = `  BT_LAB_DIR           folder of the lab
  BT_LAB_TORRENTS      .torrent files, separated by spaces
  BT_LAB_MAGNETS       file with a magnet link per line
  BT_LAB_NODES         file with nodes of the DHT
  BT_LAB_BOOTSTRAP     nodes of the DHT, ip:port, separated by commas
  BT_LAB_TRACKER_HTTP  announce URL
  BT_LAB_TRACKER_UDP   announce URL
  BT_LAB_DURATION      span of the play
  BT_GEOIP             folder with databases of invented places
  BT_ALLOW_PRIVATE=1   so that the toolkit contacts 127.x addresses
  BT_BOOTSTRAP         as BT_LAB_BOOTSTRAP, so that it keeps away from the public DHT

Unless they are set already: BT_FOR, the span of the play and some seconds; BT_LISTEN, BT_LSD_INTERFACE, BT_RATE, BT_PER_NET, BT_TRACKER_EVERY, BT_TRACKER_IMPATIENT, BT_DHT_EVERY,
BT_IMPATIENT and BT_REVISIT, as suits a short play on a network of one's own.`

const peers = `Unreachable peers (--unreachable) refuse connections or do not answer at all; most of them dial those they learn
of from the tracker, and dial again a minute after the end of a conversation. Peers are clients of several kinds (libtorrent,
qBittorrent, Transmission, uTorrent, aria2, rTorrent, BiglyBT) with their habits: whom they refuse, how long they keep a
connection without payload, how they say that they have finished. A play that is shorter than five minutes
scales these spans (--pace).

A swarm is as hard as those of today with --nat, --encrypted, --utp-only and --full. Peers behind a NAT lose what is sent
to them, TCP or UDP, unless they have sent something there in the last two minutes; libtorrent, qBittorrent and uTorrent come out by uTP when a peer that
they are connected with introduces somebody (BEP 55). Clients speak uTP and encryption (MSE) as the real ones do: most dial by uTP
first, and encrypted. A peer that is full (--full) refuses newcomers as its client does, without a byte, after the
handshake or by silence; libtorrent and qBittorrent take one of high rank (BEP 40) and drop one of low rank for it. Full spells last for one to five
minutes, or several times that, times the pace.

For each peer the truth says how it could be talked to, for how long it had a free slot, and how its visitors behaved: too many
keep-alives or connections in a minute, back too soon after a conversation, a second connection beside the first.

Hostile peers (--hostile) send noise, endless or malformed messages. They never look like a download.`

func main() { cmdline.Main(command()) }

func command() *cmdline.Command {
	return &cmdline.Command{
		Name: "bt-lab", Summary: "run a command beside a swarm with known truth", Role: cmdline.Tool,
		Synopsis: "[-- COMMAND [ARGUMENT ...]]", Description: description, RawArgs: true,
		Flags: flags(),
		Examples: []cmdline.Example{
			{Text: "Measure a swarm of 220 peers for two minutes",
				Line: `bt-lab --dir lab -- sh -c 'bt-listen $BT_LAB_TORRENTS | bt-peers-tracker | bt-probe | bt-confirm | bt-store --keep-ip lab/out.db'`},
			{Text: "Compare the result with the truth", Line: "bt-lab --check lab/out.db"},
			{Text: "A shell inside the lab", Line: "bt-lab --duration 30m -- bash"},
		},
		Sections: []cmdline.Section{{Title: "Environment of COMMAND", Text: environment}, {Title: "Files", Text: files}, {Title: "Peers", Text: peers}},
		SeeAlso:  []string{"bt(1)", "bt-confirm(1)", "bt-store(1)"},
		Run:      run,
	}
}

func run(s *cmdline.Session) error {
	if s.String("check") != "" {
		return compare(s)
	}
	return play(s)
}
