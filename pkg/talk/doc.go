// Package talk leads one conversation with a peer over an open byte stream:
// handshake, what we say of ourselves, keep-alives, metadata in passing, and
// the end. Package visit keeps the account of what the peer says.
//
// Nothing is downloaded or uploaded: no piece is requested and none is served.
// We claim no pieces, so that the peer announces all of its own, and we never
// say upload_only, on which clients close at once.
//
// Whom to talk to and for how long is left to the rooms above.
package talk
