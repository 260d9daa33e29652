package client_test

import (
	"strings"
	"testing"
	"time"

	"btkit/pkg/client"
	"btkit/pkg/peerid"
)

// id is a peer id that begins with a text.
func id(beginning string) (id [20]byte) {
	n := copy(id[:], beginning)
	copy(id[n:], strings.Repeat("x", len(id)-n))
	return id
}

func TestOf(t *testing.T) {
	tests := map[string]struct{ id, version, want string }{
		"libtorrent":                       {"-LT20B0-", "", "libtorrent"},
		"qBittorrent":                      {"-qB4650-", "", "qBittorrent"},
		"Deluge":                           {"-DE13F0-", "", "Deluge"},
		"Transmission 3":                   {"-TR3000-", "", "Transmission 3"},
		"Transmission 2":                   {"-TR2940-", "", "Transmission 3"},
		"Transmission 4, the longer":       {"-TR4060-", "", "Transmission 4"},
		"rTorrent":                         {"-lt0D60-", "", "rTorrent"},
		"aria2":                            {"A2-1-36-0-", "", "aria2"},
		"aria2, another form":              {"-aria2-1.36.0-", "", "aria2"},
		"BiglyBT":                          {"-BI3400-", "", "BiglyBT / Azureus"},
		"Azureus":                          {"-AZ2060-", "", "BiglyBT / Azureus"},
		"anacrolix":                        {"-GT0003-", "", "anacrolix"},
		"µTorrent":                         {"-UT355W-", "", "µTorrent / BitTorrent"},
		"µTorrent of a Mac":                {"-UM1870-", "", "µTorrent / BitTorrent"},
		"BitTorrent":                       {"-BT7100-", "", "µTorrent / BitTorrent"},
		"another program":                  {"-KT4310-", "", "unknown"},
		"no id":                            {"\x00\x00", "", "unknown"},
		"random id, known name":            {"abcdefgh", "qBittorrent/4.5.2", "qBittorrent"},
		"random id, Deluge":                {"abcdefgh", "Deluge 2.0.3", "Deluge"},
		"random id, libtorrent":            {"abcdefgh", "libtorrent/2.0.8.0", "libtorrent"},
		"random id, rTorrent by its name":  {"abcdefgh", "libTorrent 0.13.8", "rTorrent"},
		"random id, Transmission 3":        {"abcdefgh", "Transmission 3.00", "Transmission 3"},
		"random id, Transmission 4":        {"abcdefgh", "Transmission 4.0.5", "Transmission 4"},
		"random id, aria2":                 {"abcdefgh", "aria2/1.36.0", "aria2"},
		"random id, BiglyBT":               {"abcdefgh", "BiglyBT 3.5.0.0", "BiglyBT / Azureus"},
		"random id, µTorrent":              {"abcdefgh", "\u00b5Torrent 3.5.5", "µTorrent / BitTorrent"},
		"random id, with the Greek letter": {"abcdefgh", "\u03bcTorrent 3.5.5", "µTorrent / BitTorrent"},
		"random id, unknown name":          {"abcdefgh", "Frobnitz 1.0", "unknown"},
		"the id comes before the name":     {"-LT20B0-", "qBittorrent/4.5.2", "libtorrent"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if got := client.Of(id(tt.id), tt.version).Name; got != tt.want {
				t.Errorf("%q with %q: got %q, want %q", tt.id, tt.version, got, tt.want)
			}
		})
	}
}

func TestEveryBeginningFindsItsEntry(t *testing.T) {
	for _, h := range client.All() {
		for _, p := range h.Prefixes {
			if got := client.Of(id(p), ""); got != h {
				t.Errorf("id %q: got %q, want %q", p, got.Name, h.Name)
			}
		}
		for _, v := range h.Versions {
			if got := client.Of([20]byte{}, v); got != h {
				t.Errorf("name %q: got %q, want %q", v, got.Name, h.Name)
			}
		}
	}
}

// The families are those that package peerid calls the same.
func TestPrefixesAreThoseOfPeerIDs(t *testing.T) {
	names := map[string][]string{
		"libtorrent": {"libtorrent (Rasterbar)"}, "qBittorrent": {"qBittorrent"}, "Deluge": {"Deluge"},
		"Transmission 3": {"Transmission"}, "Transmission 4": {"Transmission"}, "rTorrent": {"rTorrent / libTorrent (Rakshasa)"},
		"aria2": {"aria2", "aria2 (old form)"}, "BiglyBT / Azureus": {"BiglyBT", "Azureus / Vuze"}, "anacrolix": {"anacrolix/torrent (Go)"},
		"µTorrent / BitTorrent": {"uTorrent", "uTorrent Mac", "uTorrent Embedded", "BitTorrent (mainline 7+)"},
	}
	for _, h := range client.All() {
		for _, p := range h.Prefixes {
			whole := p
			if len(p) < 7 { // Azureus style: two letters and four digits
				whole = (p + "0000")[:7] + "-"
			}
			got, _, _ := peerid.Name(id(whole))
			if want := strings.Join(names[h.Name], "|"); !strings.Contains("|"+want+"|", "|"+got+"|") {
				t.Errorf("%s: peer ids that begin with %q are of %q, want %q", h.Name, p, got, want)
			}
		}
	}
}

func TestTableIsWhole(t *testing.T) {
	seen := map[string]string{}
	all := client.All()
	for i, h := range all {
		for _, p := range append(append([]string{}, h.Prefixes...), h.Versions...) {
			if other, twice := seen[p]; twice {
				t.Errorf("%q stands for %s and %s", p, other, h.Name)
			}
			seen[p] = h.Name
		}
		if last := i == len(all)-1; h.Name == "" || (len(h.Prefixes) == 0) != last || (len(h.Versions) == 0) != last {
			t.Errorf("%d, %q: prefixes %q, names %q; want some, and none of the unknown one at the end", i, h.Name, h.Prefixes, h.Versions)
		}
		switch from, _, _ := strings.Cut(strings.ReplaceAll(h.Source, ":", " "), " "); from {
		case "measured", "source", "paper", "assumed":
		default:
			t.Errorf("%s: source %q; want measured, source or paper", h.Name, h.Source)
		}
		if h.Pause < 5*time.Second {
			t.Errorf("%s: pause of %v, want at least the 5 s that Transmission 3 needs", h.Name, h.Pause)
		}
		if h.IdleRule == "" || h.Interested && h.HoldInterested <= h.Hold || h.Hides < client.HidesUnknown {
			t.Errorf("%s: idle rule %q, hold %v, interested %v, hides %d", h.Name, h.IdleRule, h.Hold, h.HoldInterested, h.Hides)
		}
	}
}

// What the notes on real clients say, sections 1 and 5.
func TestMeasuredHabits(t *testing.T) {
	of := func(prefix string) *client.Habits { return client.Of(id(prefix), "") }
	const s, m = time.Second, time.Minute
	for _, p := range []string{"-LT", "-qB", "-DE"} {
		if h := of(p); h.ReadTimeout != 2*m || h.Hold != 0 || h.HoldFull != 10*m || h.Second != client.SecondRefused || !h.UTP {
			t.Errorf("%s: got %+v, want 2 min silent, no end with keep-alives but 10 min when full, no second", p, h)
		}
	}
	for _, p := range []string{"-TR3", "-TR4"} {
		if h := of(p); h.Hold != 5*m || h.HoldFull != m || !h.OneHandshake || h.Slots != 50 {
			t.Errorf("%s: got %+v, want 5 min falling to 1, one handshake at once, 50 slots", p, h)
		}
	}
	if h := of("A2-"); h.Hold != 30*s || h.HoldInterested != m || !h.Interested || h.UTP || h.KeepAliveGap() != 5*s {
		t.Errorf("aria2: got %+v, want 30 s, a minute if interested, no uTP, no two keep-alives in 5 s", h)
	}
	if h := of("-lt"); h.UTP || !h.SilentIsEmpty || h.HaveDelay != 2*m || h.Hold != 0 {
		t.Errorf("rTorrent: got %+v, want no uTP, empty when silent, announcements up to 2 min late", h)
	}
	if h := of("-BI"); h.KeepAliveGap() < 10*s || h.Hold != 30*m {
		t.Errorf("BiglyBT: got %+v, want at most 6 keep-alives a minute and 30 min", h)
	}
	for _, h := range client.All() {
		if h.Interested != (h.Name == "aria2") || h.SilentIsEmpty != (h.Name == "rTorrent") {
			t.Errorf("%s: interested %v, empty when silent %v; want only aria2 and rTorrent so", h.Name, h.Interested, h.SilentIsEmpty)
		}
	}
}
