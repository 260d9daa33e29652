// Package utp opens and takes byte streams over uTP (BEP 29): what TCP carries,
// carried by UDP, so that peers behind NAT and peers without TCP can be read.
// One UDP socket serves thousands of conversations that it dials or accepts,
// with one goroutine that reads and one that keeps all timers. A conversation
// itself is a state machine without socket or clock.
//
// What is said over a stream, encryption (MSE), whom to call, and datagrams of
// other protocols on the same port are left to others.
package utp
