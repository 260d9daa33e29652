// Package nat is a box that hides a datagram socket: what comes in is lost
// unless something went out to the same address and port a short while before
// (a NAT with address- and port-dependent filtering, RFC 4787). TCP is hidden
// by package swarm, which does not answer.
package nat
