package listen_test

import (
	"crypto/sha1"
	"encoding/hex"
	"errors"
	"net"
	"net/netip"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"btkit/pkg/listen"
	"btkit/pkg/peerwire"
	"btkit/pkg/record"
	"btkit/pkg/talk"
	"btkit/pkg/talk/talktest"
	"btkit/pkg/visit"
)

func TestStopEndsEverything(t *testing.T) {
	before := runtime.NumGoroutine()
	r := begin(t, listen.Options{})
	var peers []*talktest.Peer
	for i := range 5 {
		peers = append(peers, r.knock(talktest.Hello(byte(i)), talktest.Bitfield(100, 10*i)))
	}
	talktest.Await[record.Progress](t, r.journal, 5)
	peers = append(peers, r.dial()) // has not said a word
	r.waitFor(6)
	if err := r.stop(); err != nil {
		t.Errorf("got %v, want no error", err)
	}
	visits := talktest.Await[record.Visit](t, r.journal, 5)
	for _, v := range visits {
		if v.Outcome != "ok" || v.Stage != "settled" {
			t.Errorf("got %s at %s, want a settled visit that we ended", v.Outcome, v.Stage)
		}
	}
	for _, p := range peers {
		r.hungUp(p)
		p.Close()
	}
	if conn, err := net.Dial("tcp", r.addr); err == nil {
		conn.Close()
		t.Error("got a connection after the end, want none")
	}
	wantGoroutines(t, before+1) // the writer's
}

// wantGoroutines waits until no more than so many are left.
func wantGoroutines(t *testing.T, most int) {
	t.Helper()
	for range 2000 {
		if runtime.NumGoroutine() <= most {
			return
		}
		time.Sleep(time.Millisecond)
	}
	buf := make([]byte, 1<<16)
	t.Errorf("got %d goroutines, want %d:\n%s", runtime.NumGoroutine(), most, buf[:runtime.Stack(buf, true)])
}

func TestWriterThatFailsEndsTheWork(t *testing.T) {
	r := begin(t, listen.Options{})
	r.journal.Break()
	for i := range 20 { // the first record that cannot be written shows with a later one
		if !r.tryKnock(byte(i)) {
			break
		}
		time.Sleep(5 * time.Millisecond)
	}
	if err := r.ended(); err == nil {
		t.Error("got no error, want one about the records")
	}
}

// tryKnock is knock for a listener that may be gone.
func (r *room) tryKnock(number byte) bool {
	conn, err := net.Dial("tcp", r.addr)
	if err != nil {
		return false
	}
	p := talktest.Play(conn)
	defer p.Close()
	p.Say(talktest.Hello(number).Append(nil), peerwire.AppendHaveAll(nil))
	<-p.Over()
	return true
}

// One round ends with the input, any other work with the context alone.
func TestEndOfInput(t *testing.T) {
	once := begin(t, listen.Options{Manner: talk.Manner{Once: true, Handshake: talktest.Patience}})
	once.EOF()
	if err := once.ended(); err != nil {
		t.Errorf("got %v, want a quiet end", err)
	}
	on := begin(t, listen.Options{})
	on.EOF()
	on.hungUp(on.knock(talktest.Hello(1), peerwire.AppendHaveAll(nil)))
}

func TestAnnounce(t *testing.T) {
	r := begin(t, listen.Options{})
	if err := r.Announce(); err != nil {
		t.Fatal(err)
	}
	got := talktest.Await[record.Listen](t, r.journal, 1)[0]
	want := netip.MustParseAddrPort(r.addr)
	if got.IP != want.Addr() || got.Port != want.Port() || got.PeerID != hex.EncodeToString(ourID[:]) {
		t.Errorf("got %+v, want %v and our peer id", got, want)
	}
}

func TestIPv6(t *testing.T) {
	if l, err := net.Listen("tcp", "[::1]:0"); err != nil {
		t.Skip("this host has no IPv6 loopback")
	} else {
		l.Close()
	}
	r := beginAt(t, listen.Options{}, "[::1]:0")
	r.hungUp(r.knock(talktest.Hello(1), peerwire.AppendHaveAll(nil)))
	if v := talktest.Await[record.Visit](t, r.journal, 1)[0]; v.IP != netip.IPv6Loopback() || v.Outcome != "ok" {
		t.Errorf("got %+v, want a visit of ::1", v)
	}
}

func TestIPv4OnADualSocketIsIPv4(t *testing.T) {
	if l, err := net.Listen("tcp", "[::]:0"); err != nil {
		t.Skip("this host has no IPv6")
	} else {
		l.Close()
	}
	r := beginAt(t, listen.Options{}, "[::]:0")
	port := netip.MustParseAddrPort(r.addr).Port()
	r.addr = netip.AddrPortFrom(netip.MustParseAddr("127.0.0.1"), port).String()
	r.hungUp(r.knock(talktest.Hello(1), peerwire.AppendHaveAll(nil)))
	if v := talktest.Await[record.Visit](t, r.journal, 1)[0]; v.IP.String() != "127.0.0.1" {
		t.Errorf("got %v, want 127.0.0.1 without IPv6 clothes", v.IP)
	}
}

func TestHearRejects(t *testing.T) {
	r := begin(t, listen.Options{})
	tests := []struct {
		name string
		rec  record.Record
		ok   bool
	}{
		{"torrent", &record.Torrent{InfoHash: strings.Repeat("0", 40)}, true},
		{"torrent without a hash", &record.Torrent{}, false},
		{"torrent with a bad hash", &record.Torrent{InfoHash: strings.Repeat("x", 40)}, false},
		{"another kind", &record.Visit{}, true},
	}
	for _, tt := range tests {
		err := r.Hear(talktest.Line(t, tt.rec))
		if (err == nil) != tt.ok || err != nil && !errors.Is(err, record.ErrNotRecord) {
			t.Errorf("%s: got %v, want accepted: %v", tt.name, err, tt.ok)
		}
	}
}

func TestPexBecomesPeerRecords(t *testing.T) {
	addrs := []peerwire.PexPeer{{Addr: netip.MustParseAddrPort("192.0.2.1:6881"), Flags: peerwire.PexSeed}, {Addr: netip.MustParseAddrPort("[2001:db8::1]:7")}}
	for _, private := range []bool{false, true} {
		r := begin(t, listen.Options{})
		hash := strings.Repeat("ef", 20)
		r.hear(&record.Torrent{InfoHash: hash, Pieces: 10, Private: record.Bool(private)})
		h := talktest.Hello(1)
		h.InfoHash, _ = visit.ParseInfoHash(hash)
		list := peerwire.AppendPex(nil, visit.ExtPex, addrs, nil)
		p := r.knock(h, list, list, peerwire.AppendHaveAll(nil))
		r.hungUp(p)
		talktest.Await[record.Visit](t, r.journal, 1)
		var heard []record.Peer
		for _, peer := range talktest.Await[record.Peer](t, r.journal, 1) {
			if peer.Source == "pex" {
				heard = append(heard, peer)
			}
		}
		switch {
		case private && len(heard) != 0:
			t.Errorf("private: got %+v, want none", heard)
		case !private && (len(heard) != 2 || heard[0].IP.String() != "192.0.2.1" || !*heard[0].Seed || *heard[1].Seed || heard[0].Via != p.Conn.LocalAddr().String()):
			t.Errorf("got %+v, want two peers, once each", heard)
		}
	}
}

func TestMetadataInPassing(t *testing.T) {
	info := []byte("d6:lengthi160000e4:name1:x12:piece lengthi16384e6:pieces200:" + strings.Repeat("h", 200) + "e")
	sum := sha1.Sum(info)
	r := begin(t, listen.Options{Percent: 50})
	r.hear(&record.Torrent{InfoHash: hex.EncodeToString(sum[:])})
	h := talktest.Hello(1)
	h.InfoHash = sum
	offer := peerwire.AppendExtHandshake(nil, peerwire.ExtHandshake{M: map[string]uint8{"ut_metadata": 3}, MetadataSize: int64(len(info))})
	p := r.knock(h, talktest.Bitfield(10, 4), offer, peerwire.AppendMetadataData(nil, visit.ExtMetadata, 0, int64(len(info)), info))
	got := talktest.Await[record.Torrent](t, r.journal, 1)
	if len(got) != 1 || got[0].Pieces != 10 || got[0].Source != "metadata" || got[0].InfoHash != hex.EncodeToString(sum[:]) {
		t.Errorf("got %+v, want one torrent of 10 pieces", got)
	}
	if reading := talktest.Await[record.Progress](t, r.journal, 1)[0]; reading.Have != 4 || reading.Pieces != 10 || reading.Need != 5 {
		t.Errorf("got %+v, want 4 of 10 pieces with the threshold at 5", reading)
	}
	p.Close()
}

// Liars don't use up the places of those who fetch.
func TestMetadataOfLiars(t *testing.T) {
	info := []byte("d6:lengthi160000e4:name1:x12:piece lengthi16384e6:pieces200:" + strings.Repeat("h", 200) + "e")
	h := talktest.Hello(1)
	h.InfoHash = sha1.Sum(info)
	r := begin(t, listen.Options{})
	r.hear(&record.Torrent{InfoHash: hex.EncodeToString(h.InfoHash[:])})
	offer := peerwire.AppendExtHandshake(nil, peerwire.ExtHandshake{M: map[string]uint8{"ut_metadata": 3}, MetadataSize: int64(len(info))})
	give := func(info []byte) []byte {
		return peerwire.AppendMetadataData(nil, visit.ExtMetadata, 0, int64(len(info)), info)
	}
	for i := range 5 {
		p := r.knock(h, offer, give([]byte(strings.Repeat("x", len(info)))), peerwire.AppendHave(nil, 1<<30)) // ends with a lie that ends it
		r.hungUp(p)
		if v := talktest.Await[record.Visit](t, r.journal, i+1)[i]; !slices.Contains(v.Oddities, "metadata-wrong") {
			t.Errorf("liar %d: got oddities %q, want its metadata found wrong", i, v.Oddities)
		}
	}
	r.knock(h, offer, give(info))
	if got := talktest.Await[record.Torrent](t, r.journal, 1); len(got) != 1 || got[0].Pieces != 10 {
		t.Errorf("got %+v, want the torrent of 10 pieces", got)
	}
}

func TestGaps(t *testing.T) {
	for _, on := range []bool{false, true} {
		r := begin(t, listen.Options{Gaps: on})
		r.hungUp(r.knock(talktest.Hello(1), talktest.Bitfield(100, 10), peerwire.AppendHaveAll(nil)))
		if v := talktest.Await[record.Visit](t, r.journal, 1)[0]; (v.GapMS > 0) != on {
			t.Errorf("opt-in %v: got a gap of %v ms", on, v.GapMS)
		}
	}
}

// tired is a socket that runs out of descriptors for a while.
type tired struct {
	net.Listener
	left atomic.Int64
}

func (l *tired) Accept() (net.Conn, error) {
	if l.left.Add(-1) >= 0 {
		return nil, &net.OpError{Op: "accept", Err: os.NewSyscallError("accept4", syscall.EMFILE)}
	}
	return l.Listener.Accept()
}

func TestShortageOfDescriptorsIsNoEnd(t *testing.T) {
	socket := new(tired)
	socket.left.Store(2)
	socket.Listener = socketAt(t, "127.0.0.1:0")
	r := beginOn(t, listen.Options{}, socket)
	r.hungUp(r.knock(talktest.Hello(1), peerwire.AppendHaveAll(nil)))
	talktest.Await[record.Visit](t, r.journal, 1)
}

func TestSeveralSockets(t *testing.T) {
	second := socketAt(t, "127.0.0.1:0")
	r := beginOn(t, listen.Options{}, socketAt(t, "127.0.0.1:0"), second)
	r.hungUp(r.knock(talktest.Hello(1), peerwire.AppendHaveAll(nil)))
	r.addr = second.Addr().String()
	r.hungUp(r.knock(talktest.Hello(2), peerwire.AppendHaveAll(nil)))
	if visits := talktest.Await[record.Visit](t, r.journal, 2); visits[0].Session == visits[1].Session {
		t.Errorf("got session %d twice, want numbers that tell them apart", visits[0].Session)
	}
	if err := r.Announce(); err != nil {
		t.Fatal(err)
	}
	talktest.Await[record.Listen](t, r.journal, 2)
}
