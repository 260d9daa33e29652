package confirm

import (
	"testing"

	"btkit/pkg/record"
)

func TestIdentity(t *testing.T) {
	const home = "192.0.2.1:6881"
	qbit := "qBittorrent/4.6.5"
	tests := []struct {
		name          string
		first, second []change
		peers         int
		identity      string // of the download, empty when the two are not one peer
	}{
		{"dialled twice", nil, nil, 1, "address"},
		{"IPv4 in IPv6 clothes", nil, []change{from("[::ffff:192.0.2.1]:6881")}, 1, "address"},
		{"another port", nil, []change{from("192.0.2.1:6882")}, 2, ""},
		{"another address", nil, []change{from("192.0.2.2:6881")}, 2, ""},
		{"another torrent", nil, []change{torrentIs(hashB)}, 2, ""},
		{"dialled, then inbound naming the port", nil, []change{inbound("192.0.2.1:50001", 6881)}, 1, "listen-port"},
		{"inbound naming the port, then dialled", []change{inbound("192.0.2.1:50001", 6881)}, nil, 1, "address"},
		{"inbound naming the port, twice", []change{inbound("192.0.2.1:50001", 6881)}, []change{inbound("192.0.2.1:50002", 6881)}, 1, "listen-port"},
		{"inbound naming another port", nil, []change{inbound("192.0.2.1:50001", 6882)}, 2, ""},
		{"inbound from the port that was dialled, naming another", nil, []change{inbound(home, 6882)}, 2, ""},
		{"inbound without a port, same peer id", []change{inbound("192.0.2.1:50001", 0), client(idPlain, "")},
			[]change{inbound("192.0.2.1:50002", 0), client(idPlain, "")}, 1, "peer-id"},
		{"inbound without a port, other peer ids", []change{inbound("192.0.2.1:50001", 0), client(idOne, "")},
			[]change{inbound("192.0.2.1:50001", 0), client(idTwo, "")}, 2, ""},
		{"inbound without a port, another address", []change{inbound("192.0.2.1:50001", 0), client(idOne, "")},
			[]change{inbound("192.0.2.2:50001", 0), client(idOne, "")}, 2, ""},
		{"captured with and without a listen port", []change{func(p *record.Progress) { p.Direction, p.Port, p.ListenPort = "pcap", 50001, 6881 }},
			[]change{func(p *record.Progress) { p.Direction = "pcap" }}, 1, "address"},
		{"same random id and client at another address", []change{client(idOne, qbit)},
			[]change{client(idOne, qbit), from("198.51.100.9:40000")}, 1, "peer-id"},
		{"same random id and client over IPv6", []change{client(idOne, qbit)},
			[]change{client(idOne, qbit), from("[2001:db8::9]:6881")}, 1, "peer-id"},
		{"dialled, then inbound without a port", []change{client(idOne, qbit)},
			[]change{client(idOne, qbit), inbound("192.0.2.1:50001", 0)}, 1, "peer-id"},
		{"same random id, newer version", []change{client(idOne, qbit)},
			[]change{client(idOne, "qBittorrent v5.0"), from("198.51.100.9:40000")}, 1, "peer-id"},
		{"same random id, another client", []change{client(idOne, qbit)},
			[]change{client(idOne, "Transmission 4.0"), from("198.51.100.9:40000")}, 2, ""},
		{"same random id, client not known", []change{client(idOne, "")},
			[]change{client(idOne, ""), from("198.51.100.9:40000")}, 2, ""},
		{"another id at another address", []change{client(idOne, qbit)},
			[]change{client(idTwo, qbit), from("198.51.100.9:40000")}, 2, ""},
		{"an id that is not random", []change{client(idPlain, "Transmission 3.00")},
			[]change{client(idPlain, "Transmission 3.00"), from("198.51.100.9:40000")}, 2, ""},
		{"same random id in another torrent", []change{client(idOne, qbit)},
			[]change{client(idOne, qbit), torrentIs(hashB), from("198.51.100.9:40000")}, 2, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := NewFold(Options{})
			got := downloads(feed(f, see(0, 50, tt.first...), see(60, 99, tt.second...)))
			identity := ""
			if len(got) == 1 {
				identity = got[0].Identity
			}
			if f.Peers() != tt.peers || identity != tt.identity || len(got) > 1 {
				t.Errorf("got %d peers, %d downloads by %q, want %d peers, download by %q", f.Peers(), len(got), identity, tt.peers, tt.identity)
			}
		})
	}
}

func TestMergedAddressStaysMerged(t *testing.T) {
	f := NewFold(Options{})
	who, away := client(idOne, "qBittorrent/4.6.5"), from("198.51.100.9:40000")
	out := feed(f, see(0, 50, who), see(60, 60, who, away), see(120, 99, away)) // the last reading knows no id
	if got := downloads(out); len(got) != 1 || got[0].BelowHave != 60 || f.Peers() != 1 {
		t.Errorf("got %s of %d peers, want one download of one peer", text(out), f.Peers())
	}
}

func TestSplit(t *testing.T) {
	tests := []struct {
		name       string
		id, client string
		have       int64
		split      bool
		confirmed  bool
		falls      int
	}{
		{"the same client", idOne, "qBittorrent/4.6.5", 99, false, true, 0},
		{"the same client falls", idOne, "qBittorrent/4.6.5", 10, false, false, 1},
		{"restarted with another id", idTwo, "qBittorrent/4.6.5", 99, false, true, 0},
		{"restarted and upgraded", idTwo, "qBittorrent v5.0", 99, false, true, 0},
		{"restarted, a little less", idTwo, "qBittorrent/4.6.5", 85, false, false, 1},
		{"restarted, more than 5 % less", idTwo, "qBittorrent/4.6.5", 84, true, false, 1},
		{"another id and family", idTwo, "Transmission 4.0", 99, true, false, 1},
		{"another family by the same id", idOne, "Transmission 4.0", 99, false, true, 0},
		{"another id, family not known", idTwo, "", 99, false, true, 0},
		{"another id, family not known, fallen", idTwo, "", 10, true, false, 1},
		{"nothing known", "", "", 10, false, false, 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := NewFold(Options{})
			out := feed(f, see(0, 90, client(idOne, "qBittorrent/4.6.5")), see(60, tt.have, client(tt.id, tt.client)))
			if got := f.Peers() == 2; got != tt.split {
				t.Errorf("got %d peers, want split: %v", f.Peers(), tt.split)
			}
			if got := len(downloads(out)) == 1; got != tt.confirmed {
				t.Errorf("got confirmed: %v, want %v", got, tt.confirmed)
			}
			fell := regressions(out)
			if len(fell) != tt.falls || tt.falls == 1 && fell[0].Split != tt.split {
				t.Errorf("got %s, want %d regressions with split %v", text(out), tt.falls, tt.split)
			}
		})
	}
}

func TestNewcomerIsCountedByItself(t *testing.T) {
	f := NewFold(Options{})
	newcomer := client(idTwo, "Transmission 4.0")
	out := feed(f, see(0, 10, client(idOne, "qBittorrent/4.6.5")), see(60, 99, client(idOne, "qBittorrent/4.6.5")),
		see(120, 20, newcomer), see(180, 100, newcomer))
	got := downloads(out)
	if len(got) != 2 || got[1].FirstHave != 20 || got[1].BelowHave != 20 {
		t.Errorf("got %s, want the newcomer's download from its own 20 pieces", text(out))
	}
	tally := tallyOf(t, f, hashA)
	if tally.Confirmed != 2 || tally.ConfirmedAddrs != 1 || tally.Peers != 2 {
		t.Errorf("got %+v, want 2 confirmed of 2 peers at 1 address", tally)
	}
}

func TestFamily(t *testing.T) {
	tests := map[string]string{
		"qBittorrent/4.6.5": "qbittorrent", "qBittorrent v4.5": "qbittorrent", "qBittorrent 4.6": "qbittorrent",
		"Transmission 3.00": "transmission", "Transmission": "transmission", "µTorrent 3.5.5": "µtorrent",
		"libtorrent (Rasterbar) 2.0": "libtorrent", "": "", "7-client": "",
	}
	for name, want := range tests {
		if got := family(name); got != want {
			t.Errorf("%q: got %q, want %q", name, got, want)
		}
	}
}
