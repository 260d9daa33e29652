// Package mse speaks Message Stream Encryption, also called Protocol
// Encryption, over a byte stream that is open already: a key exchange, after
// which both sides go on in RC4 or in the clear. It hides the protocol from
// onlookers of little means and protects nothing. Many peers take no other
// connection.
//
// Initiate calls, a Receiver is called; both give back a net.Conn for whatever
// is said next. On failure the stream is left to the caller, who closes it
// without a word. Errors carry a word of package outcome:
//
//	closed-early      closed before the first byte
//	closed            closed in mid-handshake: mostly not this torrent, or Result.ShortSecret
//	not-bittorrent    other protocol, or noise
//	malformed         broken handshake, plain answer (ErrPlain), replayed handshake
//	too-large         padding or payload over its bound
//	unsupported       no method in common
//	unknown-infohash  a torrent that is not among the Keys
//	limit             too many key exchanges at once
//
// and those of the stream itself, as timeout and reset. Whom to call, how often
// and with which method first is left to others; what is said inside is that of
// package talk.
package mse
