// Package swarm acts a script out: it lets peers come, listen, dial, download
// and go, each on an address of its own in 127.0.0.0/8, and writes down the
// truth about them.
//
// Peers talk as real clients do (handshake, extension handshake, bitfield or
// HAVE_ALL, HAVEs, PEX, metadata, trackers), plain or encrypted (MSE), over TCP
// or uTP, and end conversations by the habits of their client. Those that are
// full refuse newcomers as their client does; those behind a NAT come out when
// another peer introduces them (BEP 55). They transfer no content; a request for
// some is counted and refused.
//
// How a peer is reached: every reachable one has a listening socket while it is
// in the swarm, so the system itself refuses connections to those that have not
// come yet, have gone or never listen; one that speaks uTP has a UDP socket too.
// Two descriptors per peer buy that, and a limit of 20,000 is enough for about
// 6,500 peers. One socket on all addresses for everybody would be cheaper, but it
// could only accept and then close, which is how a full client looks and not an
// absent one. Peers that do not answer at all share one socket whose queue is
// full, so that the system drops what arrives.
//
// What the peers do is decided in package script; tracker and DHT are packages
// trackerd and dhtd.
package swarm
