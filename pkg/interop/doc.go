//go:build interop

// Package interop measures a swarm of unmodified clients with the toolkit's
// commands and compares what the commands say with what the clients say of
// themselves. It starts opentracker, two Transmissions and two libtorrent
// sessions from Debian's packages, each on an address of its own, connected
// by that tracker and by a DHT of their own.
//
// It has tests only, under the build tag "interop"; "make interop" installs
// what they need and runs them. What the commands do on a scripted swarm is
// left to the lab; the protocol is left to the packages that speak it.
package interop
