// Package dhtd is the lab's DHT: nodes that answer ping, find_node, get_peers,
// announce_peer (BEP 5), the scrape of BEP 33 and the samples of BEP 51, each on
// its own address and socket.
//
// Every node has a routing table as a long-lived node would have it: up to eight
// nodes for each length of common prefix, so that a lookup has to walk. The lab's
// peers are put into the stores of the eight closest nodes directly; announces
// that come over the network are stored too and told to the lab.
//
// The nodes only answer; they never ask.
package dhtd
