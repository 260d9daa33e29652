// Package lab is a swarm in a bottle: tracker, DHT and peers on 127.0.0.0/8,
// torrents without content, and the truth about every peer. It puts together
// what its sub-packages do, writes the files that a measuring command needs and
// runs that command.
//
// The parts: script decides who plays which part, swarm acts it out, nat hides
// sockets and budget counts manners for it, trackerd and dhtd tell of the peers,
// check compares a measurement with the truth.
package lab
