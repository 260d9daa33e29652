// Package trackerd is the lab's own tracker: a table of who is in which swarm at
// this moment, and servers that answer announces and scrapes from it over HTTP
// (BEP 3, 23, 48) and UDP (BEP 15).
//
// The lab's peers write into the table directly. Whoever announces over the
// network is a guest: it is told of to the lab's peers, so that they can dial
// it, and is left out of the counts, which stay those of the swarm.
package trackerd
