// Package dial opens byte streams to peers, over every transport that we speak,
// from the one of our addresses that the peer will like best (BEP 40), and
// encrypts them.
//
// Which way to take and when is left to package probe.
package dial
