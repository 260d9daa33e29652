package trackerd

import (
	"encoding/binary"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"testing"

	"btkit/pkg/benc"
)

var torrent = Hash{1, 2, 0xfe, '+', ' ', '&'}

func addr(i int) netip.AddrPort {
	return netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 16, 0, byte(i)}), uint16(20000+i))
}

// open is a tracker with three seeds and seven leechers, one of which has
// completed.
func open(t *testing.T, opt Options) (*Table, *Server) {
	t.Helper()
	table := NewTable(rand.New(rand.NewPCG(1, 1)), torrent)
	for i := range 10 {
		table.Join(torrent, Member{Addr: addr(i), Seed: i < 2})
	}
	table.Complete(torrent, addr(5))
	s, err := Open(table, opt)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return table, s
}

func get(t *testing.T, address string) benc.Value {
	t.Helper()
	r, err := http.Get(address)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	body, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	v, rest, odd, err := benc.Parse(body, benc.Limits{})
	if err != nil || len(rest) != 0 || odd != 0 {
		t.Fatalf("%s: %v, rest %q, oddities %v", body, err, rest, odd.Strings())
	}
	return v
}

func number(v benc.Value, key string) int64 {
	n, _ := v.Get(key).Int()
	return n
}

func TestTableCounts(t *testing.T) {
	table, _ := open(t, Options{})
	table.Join(torrent, Member{Addr: addr(3)})
	table.Complete(torrent, addr(5))
	table.Leave(torrent, addr(0))
	table.Leave(torrent, addr(0))
	table.Leave(torrent, addr(9))
	got, ok := table.Scrape(torrent)
	if want := (Counts{Complete: 2, Incomplete: 6, Completed: 1}); !ok || got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	seen := map[netip.AddrPort]bool{}
	for _, m := range table.Sample(torrent, 100, addr(1)) {
		seen[m.Addr] = true
	}
	if len(seen) != 7 || seen[addr(0)] || seen[addr(1)] || seen[addr(9)] {
		t.Errorf("sample %v, want the seven that are there without the one who asks", seen)
	}
	if _, ok := table.Scrape(Hash{}); ok {
		t.Error("an unknown torrent has counts")
	}
}

func TestHTTPAnnounce(t *testing.T) {
	table, s := open(t, Options{IntervalS: 10, Peers: 6})
	ask := s.HTTPURL() + "?info_hash=" + url.QueryEscape(string(torrent[:])) + "&port=4711&numwant=100"
	v := get(t, ask)
	for key, want := range map[string]int64{"interval": 10, "complete": 3, "incomplete": 7, "downloaded": 1} {
		if got := number(v, key); got != want {
			t.Errorf("%s: got %d, want %d", key, got, want)
		}
	}
	if got := len(v.Get("peers").Text()); got != 36 {
		t.Errorf("peers of %d bytes, want 36", got)
	}
	want := netip.MustParseAddrPort("127.0.0.1:4711")
	if got := table.Guests(torrent); len(got) != 1 || got[0] != want {
		t.Errorf("guests %v, want %v", got, want)
	}
	n := 0
	for peer := range get(t, ask+"&compact=0").Get("peers").List() {
		if peer.Get("ip").Text() != "" && number(peer, "port") >= 20000 {
			n++
		}
	}
	if n != 6 {
		t.Errorf("%d peers in the list, want 6", n)
	}
	get(t, ask+"&event=stopped")
	if got := table.Guests(torrent); len(got) != 0 {
		t.Errorf("guests %v after stopped, want none", got)
	}
}

func TestHTTPRefusals(t *testing.T) {
	_, s := open(t, Options{})
	for name, query := range map[string]string{
		"no hash":      "",
		"short hash":   "?info_hash=abc&port=1",
		"unknown hash": "?info_hash=" + strings.Repeat("a", 20) + "&port=1",
	} {
		if got := get(t, s.HTTPURL()+query).Get("failure reason").Text(); got == "" {
			t.Errorf("%s: no failure reason", name)
		}
	}
}

func TestHTTPScrape(t *testing.T) {
	_, s := open(t, Options{})
	scrape := strings.Replace(s.HTTPURL(), "/announce", "/scrape", 1)
	v := get(t, fmt.Sprintf("%s?info_hash=%s&info_hash=%s", scrape, url.QueryEscape(string(torrent[:])), strings.Repeat("b", 20)))
	file := v.Get("files").Get(string(torrent[:]))
	if number(file, "complete") != 3 || number(file, "incomplete") != 7 || number(file, "downloaded") != 1 {
		t.Errorf("scrape %s", file.Raw())
	}
	if v.Get("files").Get(strings.Repeat("b", 20)).Kind() != benc.Absent {
		t.Error("an unknown torrent is in the answer")
	}
}

// exchange sends a datagram and gives the answer.
func exchange(t *testing.T, c net.Conn, b []byte) []byte {
	t.Helper()
	if _, err := c.Write(b); err != nil {
		t.Fatal(err)
	}
	buf := make([]byte, 2048)
	n, err := c.Read(buf)
	if err != nil {
		t.Fatal(err)
	}
	return buf[:n]
}

func dialUDP(t *testing.T, s *Server) (net.Conn, uint64) {
	t.Helper()
	c, err := net.Dial("udp", s.udp.LocalAddr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	ask := binary.BigEndian.AppendUint64(nil, protocolID)
	answer := exchange(t, c, append(ask, 0, 0, 0, 0, 9, 9, 9, 9))
	if len(answer) != 16 || binary.BigEndian.Uint64(answer) != 0x09090909 {
		t.Fatalf("connect answered %x", answer)
	}
	return c, binary.BigEndian.Uint64(answer[8:])
}

func request(id uint64, action uint32, body []byte) []byte {
	b := binary.BigEndian.AppendUint64(nil, id)
	b = binary.BigEndian.AppendUint32(b, action)
	return append(binary.BigEndian.AppendUint32(b, 77), body...)
}

func announce(h Hash, want int32, port uint16, event uint32) []byte {
	b := append(append([]byte{}, h[:]...), make([]byte, 62)...)
	binary.BigEndian.PutUint32(b[64:], event)
	binary.BigEndian.PutUint32(b[76:], uint32(want))
	binary.BigEndian.PutUint16(b[80:], port)
	return b
}

func TestUDP(t *testing.T) {
	table, s := open(t, Options{IntervalS: 12})
	c, id := dialUDP(t, s)
	words := func(b []byte) (w []uint32) {
		for ; len(b) >= 4 && len(w) < 8; b = b[4:] {
			w = append(w, binary.BigEndian.Uint32(b))
		}
		return w
	}
	got := exchange(t, c, request(id, actionAnnounce, announce(torrent, -1, 4712, 2)))
	if w := words(got); len(got) != 20+60 || fmt.Sprint(w[:5]) != "[1 77 12 7 3]" {
		t.Errorf("announce answered %d bytes %v, want 80 bytes [1 77 12 7 3 …]", len(got), w)
	}
	if g := table.Guests(torrent); len(g) != 1 || g[0].Port() != 4712 {
		t.Errorf("guests %v, want port 4712", g)
	}
	got = exchange(t, c, request(id, actionScrape, append(torrent[:], make([]byte, 20)...)))
	if w := words(got); fmt.Sprint(w) != "[2 77 3 1 7 0 0 0]" {
		t.Errorf("scrape answered %v", w)
	}
	exchange(t, c, request(id, actionAnnounce, announce(torrent, 5, 4712, eventStopped)))
	if g := table.Guests(torrent); len(g) != 0 {
		t.Errorf("guests %v after stopped, want none", g)
	}
	for name, b := range map[string][]byte{
		"wrong id":        request(id+1, actionAnnounce, announce(torrent, 5, 1, 0)),
		"short announce":  request(id, actionAnnounce, torrent[:]),
		"unknown torrent": request(id, actionAnnounce, announce(Hash{}, 5, 1, 0)),
	} {
		if w := words(exchange(t, c, b)); w[0] != actionError {
			t.Errorf("%s: answered %v, want an error", name, w)
		}
	}
}

// The answer to any datagram is an answer of BEP 15 or nothing at all.
func FuzzUDP(f *testing.F) {
	f.Add([]byte("short"))
	f.Add(request(protocolID, actionConnect, nil))
	f.Add(request(1, actionScrape, torrent[:]))
	s := &Server{table: NewTable(rand.New(rand.NewPCG(1, 1)), torrent), opt: Options{}.filled()}
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) > 20 {
			binary.BigEndian.PutUint64(b, s.connection(addr(1), 0))
		}
		answer := s.answerUDP(b, addr(1))
		if answer != nil && (len(answer) < 8 || binary.BigEndian.Uint32(answer) > actionError) {
			t.Errorf("%x answered %x", b, answer)
		}
	})
}

func TestIPv6Peers(t *testing.T) {
	table, s := open(t, Options{Peers: 50})
	six := netip.MustParseAddrPort("[::1]:20001")
	table.Join(torrent, Member{Addr: six})
	ask := s.HTTPURL() + "?info_hash=" + url.QueryEscape(string(torrent[:])) + "&port=4711&numwant=100"
	v := get(t, ask)
	want := string(AppendCompact(nil, six))
	if got := v.Get("peers6").Text(); got != want || len(got) != 18 {
		t.Errorf("peers6 %x, want %x", got, want)
	}
	if got := len(v.Get("peers").Text()); got != 60 {
		t.Errorf("peers of %d bytes, want 60", got)
	}
	c, id := dialUDP(t, s)
	if got := exchange(t, c, request(id, actionAnnounce, announce(torrent, 100, 4712, 2))); len(got) != 20+60 {
		t.Errorf("announce over UDP answered %d bytes, want 80 without the IPv6 peer", len(got))
	}
	chosen := table.Choose(torrent, 5, func(a netip.AddrPort) bool { return a.Addr().Is6() })
	if len(chosen) != 1 || chosen[0].Addr != six {
		t.Errorf("chose %v, want %v", chosen, six)
	}
}
