package listen_test

import (
	"bytes"
	"crypto/sha1"
	"encoding/hex"
	"net/netip"
	"runtime"
	"strings"
	"testing"
	"time"

	"btkit/pkg/listen"
	"btkit/pkg/outcome"
	"btkit/pkg/peerwire"
	"btkit/pkg/record"
	"btkit/pkg/talk"
	"btkit/pkg/talk/talktest"
	"btkit/pkg/transport/utp"
	"btkit/pkg/visit"
)

// A torrent that turns out to be private, by a record or by its metadata, takes
// no peers and no trackers of peers from then on (BEP 27).
func TestPrivateLater(t *testing.T) {
	info := []byte("d6:lengthi160000e4:name1:x12:piece lengthi16384e6:pieces200:" + strings.Repeat("h", 200) + "7:privatei1ee")
	h := talktest.Hello(1)
	h.InfoHash = sha1.Sum(info)
	hash := hex.EncodeToString(h.InfoHash[:])
	gossip := append(peerwire.AppendPex(nil, visit.ExtPex, []peerwire.PexPeer{{Addr: netip.MustParseAddrPort("192.0.2.77:6881")}}, nil),
		peerwire.AppendExtended(nil, visit.ExtTex, []byte("d5:addedl31:http://198.51.100.1:80/announceee"))...)
	offer := peerwire.AppendExtHandshake(nil, peerwire.ExtHandshake{M: map[string]uint8{"ut_metadata": 3}, MetadataSize: int64(len(info))})
	offer = append(offer, peerwire.AppendMetadataData(nil, visit.ExtMetadata, 0, int64(len(info)), info)...)
	for name, tt := range map[string]struct {
		records []record.Record
		first   []byte
	}{
		"by its metadata": {[]record.Record{&record.Torrent{InfoHash: hash}}, offer},
		"by a record":     {[]record.Record{&record.Torrent{InfoHash: hash, Pieces: 10}, &record.Torrent{InfoHash: hash, Private: record.Bool(true)}}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			r := begin(t, listen.Options{})
			r.hear(tt.records...)
			r.hungUp(r.knock(h, tt.first, gossip, peerwire.AppendHaveAll(nil)))
			talktest.Await[record.Visit](t, r.journal, 1)
			for _, p := range talktest.Await[record.Peer](t, r.journal, 0) {
				if p.Source == "pex" {
					t.Errorf("got %+v, want no peer of peers", p)
				}
			}
			for _, t2 := range talktest.Await[record.Torrent](t, r.journal, 0) {
				if t2.Source == "tex" {
					t.Errorf("got %+v, want no tracker of peers", t2)
				}
			}
		})
	}
}

// Strangers who begin an encrypted handshake, the one slowly, the other not at all
// after its key, keep a slot for the time of handshakes and no memory beyond it.
func TestHalfHandshakes(t *testing.T) {
	const strangers = 200
	r := begin(t, listen.Options{Slots: strangers, PerAddr: strangers, Manner: talk.Manner{Handshake: time.Second}})
	before := inUse()
	key := bytes.Repeat([]byte{0x9c, 1}, 48) // 96 bytes
	var peers []*talktest.Peer
	for i := range strangers {
		p := r.dial()
		peers = append(peers, p)
		if p.Say(key[:60]); i%2 == 0 {
			p.Say(key[60:]) // and the half of it that comes back is never answered
		}
	}
	r.waitFor(strangers)
	late := r.dial()
	r.hungUp(late)
	if kept := inUse() - before; kept > strangers<<15 {
		t.Errorf("got %d bytes for each of them, want at most 32 KiB", kept/strangers)
	}
	for _, p := range peers {
		r.hungUp(p)
	}
	r.waitFor(0)
	if got := r.Stat().Outcomes; got["timeout"] != strangers {
		t.Errorf("got outcomes %v, want %d timeouts", got, strangers)
	}
	if _, ok := r.knock(talktest.Hello(1), peerwire.AppendHaveNone(nil)).Greeted(); !ok {
		t.Error("got no answer afterwards, want one")
	}
}

// inUse is the memory in use after a collection.
func inUse() int64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return int64(m.HeapInuse + m.StackInuse)
}

// Strangers over uTP whom we do not take are done with at once: the socket keeps
// nothing of them, however many come.
func TestRefusedOverUTP(t *testing.T) {
	tcp := socketAt(t, "127.0.0.1:0")
	udp := overUDP(t, tcp)
	r := beginOn(t, listen.Options{PerAddr: 1}, tcp, udp)
	first := talktest.Play(r.callUTP())
	defer first.Close()
	first.Say(talktest.Hello(1).Append(nil), talktest.Bitfield(100, 40))
	talktest.Await[record.Progress](t, r.journal, 1)
	for i := range 10 {
		c := r.callUTP()
		r.wantOutcomes(outcome.Limit, int64(i+1))
		defer c.Close()
	}
	if got := udp.(*utp.Socket).Conns(); got > 2 { // the last one may just be going
		t.Errorf("got %d conversations in the socket, want hardly more than the one that was taken", got)
	}
}

// The end of the work waits for no stranger: not for one in the middle of an
// encrypted handshake, over TCP or uTP, and not for one that vanished.
func TestStopInTheMiddle(t *testing.T) {
	before := runtime.NumGoroutine()
	tcp := socketAt(t, "127.0.0.1:0")
	r := beginOn(t, listen.Options{PerAddr: 100}, tcp, overUDP(t, tcp))
	key := bytes.Repeat([]byte{0x9c, 1}, 48) // 96 bytes
	var peers []*talktest.Peer
	for i := range 10 {
		tcp, udp := r.dial(), talktest.Play(r.callUTP())
		peers = append(peers, tcp, udp)
		for _, p := range peers[len(peers)-2:] {
			switch i % 3 {
			case 0:
				p.Say(key)
			case 1:
				p.Say(key[:30])
			case 2:
				p.Say(talktest.Hello(byte(i)).Append(nil))
			}
		}
	}
	r.waitFor(20)
	if err := r.stop(); err != nil {
		t.Error(err)
	}
	visits, came := talktest.Await[record.Visit](t, r.journal, 0), talktest.Await[record.Peer](t, r.journal, 0)
	if len(visits) != len(came) {
		t.Errorf("got %d visits of %d who came, want each told of", len(visits), len(came))
	}
	for _, p := range peers {
		r.hungUp(p)
		p.Close()
	}
	if got := *r.Stat().InFlight; got != 0 {
		t.Errorf("got %d in flight, want 0", got)
	}
	wantGoroutines(t, before+1+2*10) // the writer's, and those of the strangers' sockets
}
