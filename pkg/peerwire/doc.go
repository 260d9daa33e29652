// Package peerwire turns the bytes of the BitTorrent peer protocol into
// messages and back: handshake (BEP 3), frames with the fast extension (BEP 6)
// and the messages of version 2 (BEP 52), the extension protocol (BEP 10) with
// metadata (BEP 9), peer exchange (BEP 11), donthave (BEP 54), holepunch (BEP
// 55) and upload_only (BEP 21), and the set of pieces a peer announced.
//
// Decoders are pushed: they are fed bytes in any cutting and never wait. The
// package has no socket, no clock and no policy: who talks to whom, when a
// visit is over and what is done about an odd message is decided above. All
// input is hostile; memory follows the bytes that arrived, never a length
// that was announced. Errors carry a word of package outcome.
package peerwire
