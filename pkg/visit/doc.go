// Package visit holds what one conversation with a peer teaches us: how many
// pieces it has, when that reading can be trusted, who it is, and how it ended.
// It is fed messages with the time at which they arrived and yields records;
// it knows no socket and no clock, so a live conversation and a capture go
// through the same code.
//
// What to say to the peer is left to package talk.
package visit
