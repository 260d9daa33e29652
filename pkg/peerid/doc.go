// Package peerid reads client and version from a peer id (BEP 20) and makes ids
// of our own. Peer ids are neither authentic nor unique: what they say serves
// statistics only, and the name in the extension handshake, which package
// peerwire reads, is better.
//
// The tables are generated from testdata/client_ids.json.
package peerid

//go:generate go run ./testdata/gentable testdata/client_ids.json table.go
