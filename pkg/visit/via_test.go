package visit_test

import (
	"net/netip"
	"testing"

	"btkit/pkg/outcome"
	"btkit/pkg/peerwire"
	"btkit/pkg/record"
	"btkit/pkg/visit"
)

func TestViaAndLocal(t *testing.T) {
	here := netip.MustParseAddr("198.51.100.7")
	tests := []struct {
		name              string
		start             visit.Start
		then              func(*visit.Conversation)
		transport, crypto string
		local             netip.Addr
		rank              *int64
	}{
		{"nothing said", visit.Start{Transport: "tcp"}, func(*visit.Conversation) {}, "tcp", "plain", netip.Addr{}, nil},
		{"said at the start", visit.Start{Transport: "utp", Crypto: "rc4", LocalIP: here, Rank: record.Int(5)},
			func(*visit.Conversation) {}, "utp", "rc4", here, record.Int(5)},
		{"said later", visit.Start{Transport: "tcp"}, func(c *visit.Conversation) {
			c.Via("utp", "mse-plain")
			c.Local(here, record.Int(0))
		}, "utp", "mse-plain", here, record.Int(0)},
		{"encryption alone said later", visit.Start{Transport: "tcp"}, func(c *visit.Conversation) { c.Via("", "rc4") },
			"tcp", "rc4", netip.Addr{}, nil},
		{"transport alone said later", visit.Start{Transport: "tcp", Crypto: "rc4"}, func(c *visit.Conversation) { c.Via("utp", "") },
			"utp", "rc4", netip.Addr{}, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tt.start.Relay = "192.0.2.9:6881"
			s := playAs(t, 100, tt.start, peerwire.BitFast)
			tt.then(s.c)
			v := s.end(1, outcome.Closed)
			if v.Transport != tt.transport || v.Crypto != tt.crypto || v.LocalIP != tt.local || v.Relay != "192.0.2.9:6881" ||
				(v.Rank == nil) != (tt.rank == nil) || v.Rank != nil && *v.Rank != *tt.rank {
				t.Errorf("got %q %q %v rank %v relay %q, want %q %q %v rank %v", v.Transport, v.Crypto, v.LocalIP, v.Rank, v.Relay,
					tt.transport, tt.crypto, tt.local, tt.rank)
			}
		})
	}
}

func TestExtensionIDsOfThePeer(t *testing.T) {
	yes := record.Bool(true)
	s := play(t, 100).say(1, extHandshake(peerwire.ExtHandshake{Encrypt: yes, ShareMode: yes,
		M: map[string]uint8{"ut_metadata": 2, "ut_pex": 1, "ut_holepunch": 4, "lt_tex": 9}}))
	got := s.c.Ext()
	if got.MetadataID != 2 || got.PexID != 1 || got.HolepunchID != 4 || got.TexID != 9 || !same(got.Encrypt, yes) || !got.ShareMode {
		t.Errorf("got %+v, want ids 2, 1, 4 and 9, encryption and share mode", got)
	}
	s.say(2, extHandshake(peerwire.ExtHandshake{M: map[string]uint8{"ut_holepunch": 0}}))
	got = s.c.Ext()
	if got.HolepunchID != 0 || got.TexID != 9 || !same(got.Encrypt, yes) || !got.ShareMode {
		t.Errorf("got %+v, want hole punching off and the rest as before", got)
	}
}
