package lsd

import (
	"fmt"
	"net/netip"
	"reflect"
	"testing"
	"time"
)

// turns runs a plan for so long and tells when it announced how many torrents,
// in seconds.
func turns(p *plan, room int, life time.Duration, at map[time.Duration][]*torrent) (log []string) {
	start := time.Unix(0, 0)
	for d := time.Duration(0); d <= life; d += time.Second {
		for _, t := range at[d] {
			p.add(t, start.Add(d))
		}
		if got := p.take(room, start.Add(d)); len(got) > 0 {
			log = append(log, fmt.Sprintf("%d:%d", int(d/time.Second), len(got)))
		}
	}
	return log
}

func some(n int, private bool) (list []*torrent) {
	for i := range n {
		list = append(list, &torrent{hash: Hash{byte(i), byte(i >> 8)}, private: private})
	}
	return list
}

func TestTurns(t *testing.T) {
	for _, c := range []struct {
		name string
		plan plan
		at   map[time.Duration][]*torrent
		want []string
	}{
		{"one torrent every five minutes", plan{}, map[time.Duration][]*torrent{0: some(1, false)}, []string{"2:1", "302:1", "602:1"}},
		{"as many as fit a minute", plan{}, map[time.Duration][]*torrent{0: some(25, false)}, []string{"2:10", "62:10", "122:5", "302:10", "362:10", "422:5", "602:10"}},
		{"more than fit into five minutes", plan{}, map[time.Duration][]*torrent{0: some(60, false)},
			[]string{"2:10", "62:10", "122:10", "182:10", "242:10", "302:10", "362:10", "422:10", "482:10", "542:10", "602:10"}},
		{"a later one waits for its minute", plan{}, map[time.Duration][]*torrent{0: some(1, false), 9 * time.Second: some(1, false)}, []string{"2:1", "62:1", "302:1", "362:1", "602:1"}},
		{"once", plan{once: true}, map[time.Duration][]*torrent{0: some(11, false)}, []string{"2:10", "62:1"}},
		{"private", plan{}, map[time.Duration][]*torrent{0: some(3, true)}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := turns(&c.plan, 10, 610*time.Second, c.at); !reflect.DeepEqual(got, c.want) {
				t.Errorf("announced %v, want %v", got, c.want)
			}
		})
	}
}

func TestTorrentRemembersPeers(t *testing.T) {
	var one torrent
	ip := netip.MustParseAddr("192.168.0.1")
	for port := range uint16(maxPorts) {
		if !one.first(netip.AddrPortFrom(ip, 1+port)) {
			t.Errorf("port %d is not new, want new", 1+port)
		}
	}
	if one.first(netip.AddrPortFrom(ip, 1)) || one.first(netip.AddrPortFrom(ip, 1000)) {
		t.Errorf("a known port or one beyond %d ports is new, want neither", maxPorts)
	}
	for i := range maxAddrs - 1 {
		one.first(netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 0, byte(i >> 8), byte(i)}), 1))
	}
	if one.first(netip.MustParseAddrPort("172.16.0.1:1")) {
		t.Errorf("an address beyond %d is new, want it left out", maxAddrs)
	}
}

func TestNear(t *testing.T) {
	near := Near{netip.MustParsePrefix("203.0.113.0/24"), netip.MustParsePrefix("2001:db8::/64")}
	for text, want := range map[string]bool{
		"203.0.113.9": true, "203.0.114.9": false, "192.168.3.3": true, "127.0.0.1": true, "::ffff:10.0.0.1": true,
		"2001:db8::9": true, "2001:db8:1::9": false, "fe80::1%eth0": true, "fd00::1": true, "100.64.0.1": false,
	} {
		if got := near.Has(netip.MustParseAddr(text)); got != want {
			t.Errorf("Has(%s) = %v, want %v", text, got, want)
		}
	}
}
