// Package talk leads one conversation with a peer over an open byte stream:
// handshake, what we say of ourselves, keep-alives, metadata in passing, and
// the end. Package visit keeps the account of what the peer says.
//
// Nothing is downloaded or uploaded: no piece is requested and none is served.
// We claim no pieces, so that the peer announces all of its own, and we never
// say upload_only, on which clients close at once.
//
// What a peer can cost is bounded, however it behaves: the time for its
// handshake; then, while it has announced nothing, the time until the host is
// asked whether to hold on; from its first announcement on, the longest time in
// which a reading settles, which the host is told and from when on it can end the
// conversation; and in all a number of bytes, which keep-alives count into.
//
// Whom to talk to and for how long is left to the rooms above.
package talk
