package main

const description = `Looks up the peers of the torrents that the records on standard input name, or
the arguments, in the mainline DHT, and writes a peer record for each when it is first seen. All
records are passed on.

It takes part as a read-only client: it asks, answers nobody and announces nothing. IPv4 and IPv6 are
two networks of their own; both are asked where the host has them. A hybrid torrent has two
swarms, which are both looked up; each peer record names the info-hash under which it was found. Private
torrents are never looked up.

Where a listen record names one address of this host, all queries after it come from there; the first such record of each family
counts, and a loopback address only where all --bootstrap nodes have one too. --bind overrides that; a family of
which it names no address is then not asked. BT_BIND, with commas between addresses, is also bt-probe's, which
chooses among all of them: here the first of each family counts.`

const lookups = `A lookup asks ever closer nodes until those closest to the torrent have answered. Announces lie
scattered over more nodes than that, so it goes on outwards: to 20 nodes, or fewer when the last 8
had nothing new. Nodes near the torrent list only each other, so those farther out are found by asking for
other points nearby. With --exhaustive it goes to 64 nodes, and nodes whose answer looks cut are
asked again until they bring nothing new; each node gives a random part of the peers that it stores.

The same queries ask for the filters of BEP 33. Those of all nodes are united, and the request record
tells how many seeds (seeders_est) and other peers (leechers_est) are in them: distinct addresses, so
that many peers behind one address count once. The members are absent when no node had filters. Beyond some
6000 addresses a filter says little, and the oddity filter-saturated means that it says nothing.`

const records = `A request record is written for every lookup, per family: nodes queried and answered, peers named and new
ones among them, bytes received. Its outcome is ok when peers were named, not-found when nodes answered and
knew none, timeout when none answered, unreachable when no node was known to begin with, dns when the
names of the bootstrap nodes did not resolve, denied for a private torrent and when our own rules forbid all
nodes.

With --trace every question to a node gives a record of the kind query: address, id, round trip, number of
values, nodes and filters, client; and every lookup one of the kind lookup: queries, distances of the 8th and the 64th
closest node, the size of the whole DHT that follows from them, nodes and peers left out by reason. Their
sequence numbers count in a run of their own.`

const manners = `At most 100 queries per second are sent, one per second to an address and 20 in ten minutes, and
256 are open at once. Addresses of private networks may get four per second and have no further limit. Names of peers or nodes can be invented: answers under another id than the
node was listed with are dropped, at most one node of a /24 and two of a /16 near the torrent are
asked, more than four ports of one address are not believed, and --control drops nodes that name
peers for a torrent that does not exist.

Private and loopback addresses are neither asked nor believed without --allow-private.`
