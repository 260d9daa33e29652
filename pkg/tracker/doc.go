// Package tracker asks one question of one BitTorrent tracker: announce
// (BEP 3, 7, 15, 23, 24, 31, 41) or scrape (BEP 48, 15), over HTTP, HTTPS or
// UDP and over one named address family.
//
// Everything that a tracker says or does wrong ends in the outcome of that one
// question. The codecs (ParseAnnounce, ParseScrape and the packets of udp.go)
// know no socket, so that test vectors and fuzzers can drive them.
//
// When to ask, whom to ask and what to do with the answer is left to
// pkg/announce; which addresses may be contacted is told by Options.Allow.
package tracker
