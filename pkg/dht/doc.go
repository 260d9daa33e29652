// Package dht looks up the peers of torrents in the mainline DHT (BEP 5), as
// a read-only client (BEP 43) over IPv4 and IPv6 (BEP 32), and estimates
// swarm sizes from scrape filters (BEP 33) asked for in the same queries.
//
// The anacrolix/dht server carries the queries: it encodes them, matches
// answers and times them out. It never sees a byte that a stranger wrote: a
// guard around its socket reads every datagram first, tolerantly and within
// bounds, and hands on only bare acknowledgements of queries that are open.
// The iterative lookup, the rates and the node cache are this package's own.
//
// Whether the addresses found are peers at all is left to those who visit
// them. Which addresses may be contacted is decided by the caller.
package dht
