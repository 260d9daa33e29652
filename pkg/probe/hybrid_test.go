package probe

import (
	"strings"
	"testing"

	"btkit/pkg/record"
	"btkit/pkg/talk/talktest"
)

// A hybrid torrent has two swarms, and a client that is in both takes one
// conversation: it is one peer. Each peer is spoken to about the info-hash under
// which it was named.
func TestHybridTorrentIsOnePlace(t *testing.T) {
	r := set(t, Options{}, new(clock))
	other := strings.Repeat("cd", 20)
	r.torrent(&record.Torrent{InfoHash: talktest.InfoHash, InfoHashV2: other + strings.Repeat("0", 24), Pieces: 100, Private: record.Bool(true)})
	r.names(address(0))
	for _, a := range []int{0, 1} {
		r.take(&record.Peer{InfoHash: other, IP: address(a).Addr(), Port: address(a).Port(), Source: "dht"})
	}
	if r.total != 2 {
		t.Fatalf("got %d peers, want 2", r.total)
	}
	first, second := r.torrents[talktest.InfoHash], r.torrents[other]
	for i, want := range []*torrent{first, second} {
		if x := r.find(first.at(address(i).Addr()), address(i).Port()); x == nil || x.t != want {
			t.Errorf("peer %d: got %v, want one of the swarm in which it was named first", i, x)
		}
	}
	if !second.private || second.Pieces() != 100 {
		t.Errorf("got private %v and %d pieces of the second swarm, want what the record says of both", second.private, second.Pieces())
	}
}

func TestNamelessPeersAreCounted(t *testing.T) {
	r := set(t, Options{}, new(clock))
	for i := range maxEarly + 3 {
		r.names(address(i))
	}
	if got := r.Nameless(); got != maxEarly+3 {
		t.Errorf("got %d, want %d", got, maxEarly+3)
	}
	r.torrent(&record.Torrent{InfoHash: talktest.InfoHash, Pieces: 100})
	if got := r.Nameless(); got != 3 {
		t.Errorf("got %d after the torrent was named, want the 3 that were not kept", got)
	}
}
