// Package ways decides how to open the next conversation with a peer: over TCP
// or uTP, in the clear or encrypted, from what was tried before and what others
// say of the peer.
//
// When to try, and the dialling itself, are left to package probe; why a peer
// refused is left to package refusal.
package ways
