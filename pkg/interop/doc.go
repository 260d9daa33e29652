//go:build interop

// Package interop measures unmodified clients with the toolkit's commands and
// compares what the commands say with what the clients say of themselves. It
// starts opentracker, Transmission, qBittorrent, Deluge, libtorrent, rTorrent
// and aria2 from Debian's packages, each on an address of its own.
//
// There are three kinds of tests: a swarm of four clients with a tracker and a
// DHT, on which a whole pipeline counts; the matrix, which asks every client the
// same questions and makes testdata/clients.json of the answers; and a client
// behind a NAT.
//
// It has tests only, under the build tag "interop"; "make interop" installs
// what they need and runs them. What the commands do on a scripted swarm is
// left to the lab; the protocol is left to the packages that speak it.
package interop
