// Package benc reads bencode (BEP 3) that strangers wrote and writes our own.
//
// Bytes pass one bounded check first: it runs in a loop, allocates nothing by
// a length field and says at which byte the trouble is. Only then are they
// walked (Value) or decoded (Decode). A Value asked for something that it is
// not answers "absent", because a wrong type from a stranger is to be ignored
// rather than to end a conversation.
//
// What the keys of a dictionary mean is left to the rooms that use them.
package benc
