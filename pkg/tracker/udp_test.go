package tracker

import (
	"encoding/hex"
	"fmt"
	"strings"
	"testing"
	"time"

	"btkit/pkg/outcome"
)

func (v vectors) packet(t testing.TB, name string) (udpVector, []byte) {
	t.Helper()
	for _, p := range v.UDP {
		if strings.HasPrefix(p.Name, name) {
			return p, unhex(t, p.Bytes)
		}
	}
	t.Fatalf("no vector %q", name)
	return udpVector{}, nil
}

func TestUDPRequests(t *testing.T) {
	v := load(t)
	if len(v.UDP) != 10 {
		t.Fatalf("%d vectors, want 10", len(v.UDP))
	}
	first, second := Hash(unhex(t, v.Percent[0].Raw)), Hash(unhex(t, v.Percent[1].Raw))
	withURL, _ := v.packet(t, "announce request with URLData")
	r := Request{InfoHash: first, PeerID: Hash(unhex(t, v.Percent[2].Raw)), Left: 5565841408,
		Event: Started, Key: 0x1a2b3c4d, NumWant: -1, Port: 6881}
	const connection = 0x1122334455667788
	for name, build := range map[string]func() []byte{
		"connect request":               func() []byte { return ConnectRequest(0xdeadbeef) },
		"announce request":              func() []byte { r.URL = "udp://t:80/announce"; return AnnounceRequest(connection, 0xcafef00d, r) },
		"announce request with URLData": func() []byte { r.URL = withURL.URL; return AnnounceRequest(connection, 0xcafef00d, r) },
		"scrape request of 2":           func() []byte { return UDPScrapeRequest(connection, 7, []Hash{first, second}) },
	} {
		want, _ := v.packet(t, name)
		if got := hex.EncodeToString(build()); got != want.Bytes {
			t.Errorf("%s is\n%s, want\n%s", name, got, want.Bytes)
		}
	}
}

func TestUDPAnswers(t *testing.T) {
	v := load(t)
	want, packet := v.packet(t, "connect response")
	id, err := ParseConnect(packet)
	if got := fmt.Sprintf("%x", id); err != nil || got != want.Connection {
		t.Errorf("connection id is %s, %v; want %s", got, err, want.Connection)
	}
	for name, family := range map[string]Family{"announce response IPv4": IPv4, "announce response IPv6": IPv6, "announce response without peers": IPv4} {
		want, packet := v.packet(t, name)
		r := ParseUDPAnnounce(packet, family, nil)
		var peers []string
		for _, p := range want.Peers {
			peers = append(peers, fmt.Sprintf("%s:%.0f", bracket(p[0].(string)), p[1]))
		}
		if got := addresses(r.Peers); r.Outcome != outcome.OK || got != strings.Join(peers, " ") {
			t.Errorf("%s: got %s %s, want ok %v", name, r.Outcome, got, peers)
		}
		if want.Leechers != nil && (*r.Leechers != *want.Leechers || *r.Seeders != *want.Seeders || r.Interval != time.Duration(want.Interval)*time.Second) {
			t.Errorf("%s: got %d leechers, %d seeders, %v; want %+v", name, *r.Leechers, *r.Seeders, r.Interval, want)
		}
	}
	want, packet = v.packet(t, "error response")
	if r := ParseUDPAnnounce(packet, IPv4, nil); r.Outcome != outcome.Failure || r.Failure != want.Message {
		t.Errorf("error: got %s %q, want failure %q", r.Outcome, r.Failure, want.Message)
	}
}

func TestUDPScrapeAnswer(t *testing.T) {
	v := load(t)
	asked := []Hash{{1}, {2}}
	_, packet := v.packet(t, "scrape response of 2")
	r := ParseUDPScrape(packet, asked)
	for hash, want := range map[Hash][3]int64{{1}: {11, 13772, 19}, {2}: {21, 206, 20}} {
		c := r.Files[hash]
		if got := [3]int64{*c.Seeders, *c.Completed, *c.Leechers}; got != want {
			t.Errorf("torrent %x: got %v, want %v", hash[0], got, want)
		}
	}
}

func TestUDPRejects(t *testing.T) {
	for _, v := range load(t).UDPReject {
		packet := unhex(t, v.Bytes)
		announce := ParseUDPAnnounce(packet, IPv4, nil)
		tid, ok := TransactionID(packet)
		var got, want string
		switch why := v.Why; {
		case strings.HasPrefix(why, "7 bytes"):
			got, want = words(ok, announce.Outcome), "false malformed"
		case strings.HasPrefix(why, "other transaction"):
			got, want = fmt.Sprint(fmt.Sprintf("%08x", tid) == v.ExpectedTid), "false"
		case strings.HasPrefix(why, "announce reply of 16"), strings.HasPrefix(why, "connect reply to an announce"):
			got, want = string(announce.Outcome), "malformed"
		case strings.HasPrefix(why, "connect reply of 12"):
			_, err := ParseConnect(packet)
			got, want = string(outcome.Of(err)), "malformed"
		case strings.HasPrefix(why, "scrape reply with fewer"):
			r := ParseUDPScrape(packet, make([]Hash, 1, v.Asked))
			short := ParseUDPScrape(packet, []Hash{{1}, {2}})
			got = words(r.Outcome, len(r.Files), short.Outcome, len(short.Files), short.Oddities)
			want = "ok 1 ok 1 [scrape-short]"
		case strings.HasPrefix(why, "length not a multiple"):
			got, want = words(announce.Outcome, len(announce.Peers), announce.Oddities), "ok 2 [peers-truncated]"
		case strings.HasPrefix(why, "interval with the top bit"):
			got, want = words(announce.Outcome, announce.Interval, announce.Oddities), "ok 24h0m0s [interval-clamped]"
		default:
			t.Fatalf("no test for %q", why)
		}
		if got != want {
			t.Errorf("%s: got %s, want %s", v.Why, got, want)
		}
	}
}

func words(list ...any) string { return strings.TrimSpace(fmt.Sprintln(list...)) }
