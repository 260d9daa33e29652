// Package lsd finds the peers of a local network (local service discovery,
// BEP 14): clients multicast which torrents they have and at which port they
// listen. It writes a peer record for each that has a torrent of the stream,
// and multicasts our own port when there is one to be found at.
//
// One loop (Source.Run) owns all state; a goroutine per multicast group only
// reads. The codec (Parse, Message.Append) and the schedule know no socket.
//
// What is heard is hearsay of the local network: only senders at hand count,
// each only so often. Whether a peer may be contacted is left to those who
// read the records.
package lsd
