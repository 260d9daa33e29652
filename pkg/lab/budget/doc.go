// Package budget counts how visitors treat a peer: keep-alives, connections,
// pauses between conversations and second connections, and which of that the
// peer's client takes for bad manners by the table of package client. What the
// peer does about it is left to package swarm.
package budget
