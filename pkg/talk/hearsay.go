package talk

import (
	"net/netip"

	"btkit/pkg/peerwire"
	"btkit/pkg/record"
	"btkit/pkg/visit"
)

// Hearsay is the record of a peer that another one, via, passed on (BEP 11).
// The flags are hints of a third party.
func Hearsay(t *visit.Torrent, heard peerwire.PexPeer, via netip.AddrPort) *record.Peer {
	says := func(flag uint8) *bool { return record.Bool(heard.Flags&flag != 0) }
	return &record.Peer{InfoHash: t.Hex(), IP: heard.Addr.Addr(), Port: heard.Addr.Port(), Source: "pex", Via: via.String(),
		Flags: record.Int(int64(heard.Flags)), Seed: says(peerwire.PexSeed), Encryption: says(peerwire.PexEncryption),
		UTP: says(peerwire.PexUTP), Holepunch: says(peerwire.PexHolepunch), Reachable: says(peerwire.PexReachable)}
}

// Trackers is the record of trackers that a peer passed on (BEP 28).
func Trackers(t *visit.Torrent, urls []string) *record.Torrent {
	r := &record.Torrent{InfoHash: t.Hex(), Source: "tex"}
	for _, url := range urls {
		r.Trackers = append(r.Trackers, []string{url})
	}
	return r
}
