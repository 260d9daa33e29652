// Package refusal finds out why a peer closed a connection before its first
// byte. One such close says little: the peer may be full, want encryption, have
// us in another conversation, pause the torrent, not have it, or be about to
// leave. What comes after tells them apart, so a verdict is about the latest
// refusal, as far as the attempts since explain it, and says how sure it is.
//
// How sure, 0 to 1, follows fixed rules; the first that fits decides.
//
// The peer has answered since:
//
//	duplicate        0.95  another conversation with the address was open then
//	paused           0.85  another torrent was taken there at that time, and a reading
//	                       before and one after say the same number of pieces
//	full             0.8   the same, but the numbers differ
//	paused           0.6   another torrent was taken there at that time
//	transport        0.6   both sides of encryption were refused, and within 5 minutes
//	                       the other transport was taken, never this one; 0.5 if only
//	                       one side was tried
//	full             0.8   it took the same side of encryption
//	full             0.7   it took the other side, but had taken this one before, or
//	                       had sent its half of the encryption's handshake
//	full             0.7   both sides had been refused
//	encryption       0.7   plain was refused, encrypted was taken within 5 minutes;
//	                       0.85 if plain was refused more than once
//	full             0.6   else
//
// It has not:
//
//	duplicate        0.9   another conversation with the address was open then
//	paused           0.6   another torrent was taken there at that time, and this
//	                       one was read before; 0.1 more for each further time, up
//	                       to 0.8
//	not-this-torrent 0.6   the same, but it was never read
//	gone             0.45  connecting failed within half an hour after: more with
//	                       every further time, up to 0.95; a refused connection
//	                       counts twice
//	full             0.4   else; 0.1 more each for both sides of encryption refused,
//	                       for this side taken before, for another torrent refused
//	                       there at that time, and for the peer having come to us
//
// Which way to try next is left to package ways, when to package probe.
package refusal
