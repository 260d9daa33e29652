package resolve

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"sync/atomic"
	"testing"
	"time"

	"btkit/pkg/metainfo"
	"btkit/pkg/outcome"
	"btkit/pkg/peerwire"
)

// dead is an address where nobody listens.
func dead(t *testing.T) netip.AddrPort {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return netip.MustParseAddrPort(l.Addr().String())
}

func TestFetch(t *testing.T) {
	exact := padInfo(2 * peerwire.MetadataBlock)
	for name, info := range map[string][]byte{"one block": makeInfo(3), "three blocks": makeInfo(1700), "many blocks": makeInfo(20_000), "two full blocks": exact} {
		t.Run(name, func(t *testing.T) {
			var attempts []Attempt
			r := New(Options{Dial: dial, Client: "test"})
			report := func(a Attempt) { attempts = append(attempts, a) }
			got, err := r.Fetch(t.Context(), targetOf(info), candidates(peer{info: info}.listen(t, "127.0.0.1")), report)
			if err != nil {
				t.Fatal(err)
			}
			sameInfo(t, got, info)
			if len(attempts) != 1 || attempts[0].Err != nil || attempts[0].RxBytes < int64(len(info)) {
				t.Errorf("attempts %+v; want one that is ok with more than %d bytes", attempts, len(info))
			}
		})
	}
}

func TestFetchGivesUpOnOddPeers(t *testing.T) {
	info := makeInfo(1700)
	lie := append([]byte(nil), info...)
	lie[len(lie)/2]++
	flood := func(int) []byte {
		var b []byte
		for range 20 {
			b = append(b, peerwire.AppendMetadataData(nil, 1, 900, 1, []byte("x"))...)
		}
		return b
	}
	tests := []struct {
		name string
		peer peer
		want outcome.Outcome
	}{
		{"wrong bytes", peer{info: lie}, outcome.WrongInfoHash},
		{"another torrent", peer{info: info, otherID: true}, outcome.WrongInfoHash},
		{"no extension protocol", peer{info: info, noExt: true}, outcome.Unsupported},
		{"no info dictionary", peer{}, outcome.NotFound},
		{"size of a terabyte", peer{info: info, size: 1 << 40}, outcome.NotFound},
		{"negative size", peer{info: info, size: -1}, outcome.NotFound},
		{"refuses", peer{info: info, answer: func(block int) []byte { return peerwire.AppendMetadataReject(nil, 1, block) }}, outcome.Failure},
		{"block of another length", peer{info: info, answer: func(block int) []byte {
			return peerwire.AppendMetadataData(nil, 1, block, int64(len(info)), []byte("short"))
		}}, outcome.Malformed},
		{"blocks that nobody asked for", peer{info: info, answer: flood}, outcome.Malformed},
		{"answers under the wrong number", peer{info: info, answer: func(block int) []byte { return data(theirID, info, block) }}, outcome.Timeout},
		{"asks us back", peer{info: info, answer: func(block int) []byte {
			var b []byte
			for range 20 {
				b = peerwire.AppendMetadataRequest(b, 1, 0)
			}
			return b
		}}, outcome.Malformed},
		{"sends content", peer{info: info, greeting: peerwire.AppendPiece(nil, 0, 0, []byte("content"))}, outcome.BadPayload},
		{"sends nonsense", peer{info: info, greeting: []byte("\xff\xff\xff\xff\x14nonsense")}, outcome.TooLarge},
		{"says nothing", peer{silent: true}, outcome.Timeout},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			var attempts []Attempt
			r := New(Options{Dial: dial, StepTime: 300 * time.Millisecond})
			report := func(a Attempt) { attempts = append(attempts, a) }
			got, err := r.Fetch(t.Context(), targetOf(info), candidates(test.peer.listen(t, "127.0.0.1")), report)
			if got != nil || !errors.Is(err, ErrNoPeer) {
				t.Errorf("got %v, %v; want ErrNoPeer", got, err)
			}
			if len(attempts) != 1 || outcome.Of(attempts[0].Err) != test.want {
				t.Errorf("attempts %+v; want one with %s", attempts, test.want)
			}
		})
	}
}

func TestFetchBearsWithHonestOddities(t *testing.T) {
	info := makeInfo(1700)
	tests := []struct {
		name string
		peer peer
	}{
		{"all in one block", peer{info: info, answer: func(block int) []byte {
			return peerwire.AppendMetadataData(nil, 1, block, int64(len(info)), info)
		}}},
		{"total_size is that of the block", peer{info: info, answer: func(block int) []byte {
			from := block * peerwire.MetadataBlock
			part := info[from:min(from+peerwire.MetadataBlock, len(info))]
			return peerwire.AppendMetadataData(nil, 1, block, int64(len(part)), part)
		}}},
		{"some stray messages", peer{info: info, answer: func(block int) []byte {
			b := peerwire.AppendExtended(nil, 1, []byte("nonsense"))
			b = peerwire.AppendMetadataData(b, 1, 900, 1, []byte("x"))
			return append(b, data(1, info, block)...)
		}}},
		{"messages for others in front", peer{info: info, greeting: peerwire.AppendExtended(peerwire.AppendUnchoke(nil), 0, []byte("no dictionary"))}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := New(Options{Dial: dial}).Fetch(t.Context(), targetOf(info), candidates(test.peer.listen(t, "127.0.0.1")), nil)
			if err != nil {
				t.Fatal(err)
			}
			sameInfo(t, got, info)
		})
	}
}

// Among liars, silent peers and dead addresses one honest peer is enough, and
// a liar is not asked again, not even at another port or for another torrent.
func TestFetchBansLiars(t *testing.T) {
	info := makeInfo(1700)
	lie := append([]byte(nil), info...)
	lie[100]++
	liar := peer{info: lie}.listen(t, "127.0.0.2")
	var asked atomic.Int64
	r := New(Options{Parallel: 1, RetryTime: -1, Dial: func(ctx context.Context, to netip.AddrPort) (net.Conn, error) {
		if to.Addr() == liar.Addr() {
			asked.Add(1)
		}
		return dial(ctx, to)
	}})
	other := netip.AddrPortFrom(liar.Addr(), liar.Port()-1)
	honest := peer{info: info}.listen(t, "127.0.0.3")
	for range 2 {
		got, err := r.Fetch(t.Context(), targetOf(info), candidates(liar, dead(t), liar, other, honest), nil)
		if err != nil {
			t.Fatal(err)
		}
		sameInfo(t, got, info)
	}
	if n := asked.Load(); n != 1 {
		t.Errorf("the liar was asked %d times; want once", n)
	}
}

func TestFetchAsksSeveralAtOnce(t *testing.T) {
	info := makeInfo(3)
	var addrs []netip.AddrPort
	for range DefaultParallel - 1 {
		addrs = append(addrs, peer{silent: true}.listen(t, "127.0.0.1"))
	}
	addrs = append(addrs, peer{info: info}.listen(t, "127.0.0.1"))
	var ended []outcome.Outcome
	report := func(a Attempt) { ended = append(ended, outcome.Of(a.Err)) }
	got, err := New(Options{Dial: dial}).Fetch(t.Context(), targetOf(info), candidates(addrs...), report)
	if err != nil {
		t.Fatal(err)
	}
	sameInfo(t, got, info)
	count := map[outcome.Outcome]int{}
	for _, o := range ended {
		count[o]++
	}
	if count[outcome.OK] != 1 || count[outcome.Canceled] != DefaultParallel-1 {
		t.Errorf("ends %v; want one ok, the others canceled", count)
	}
}

func TestFetchSkipsWhomItJustAsked(t *testing.T) {
	now := time.Unix(0, 0)
	addr := dead(t)
	n := 0
	r := New(Options{Dial: dial, Parallel: 1, Now: func() time.Time { return now }})
	_, err := r.Fetch(t.Context(), targetOf(makeInfo(1)), candidates(addr, addr, addr), func(Attempt) {
		if n++; n == 1 {
			now = now.Add(DefaultRetry)
		}
	})
	if n != 2 || !errors.Is(err, ErrNoPeer) {
		t.Errorf("%d attempts, %v; want 2 and ErrNoPeer: the second one after a minute, the third one too soon", n, err)
	}
}

func TestFetchEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	c := make(chan netip.AddrPort, 1)
	c <- peer{silent: true}.listen(t, "127.0.0.1")
	r := New(Options{Dial: func(ctx context.Context, to netip.AddrPort) (net.Conn, error) {
		defer cancel()
		return dial(ctx, to)
	}})
	if _, err := r.Fetch(ctx, targetOf(makeInfo(1)), c, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v; want context.Canceled", err)
	}
}

func TestFetchTellsOfAnInfoDictionaryThatIsNoGood(t *testing.T) {
	info := []byte("d4:name1:xe")
	_, err := New(Options{Dial: dial}).Fetch(t.Context(), targetOf(info), candidates(peer{info: info}.listen(t, "127.0.0.1")), nil)
	if err == nil || errors.Is(err, ErrNoPeer) || errors.Is(err, metainfo.ErrHash) {
		t.Errorf("got %v; want an error that says what was expected", err)
	}
}

func TestFetchOverIPv6(t *testing.T) {
	l, err := net.Listen("tcp", "[::1]:0")
	if err != nil {
		t.Skipf("this host has no IPv6: %v", err)
	}
	l.Close()
	info := makeInfo(3)
	got, err := New(Options{Dial: dial}).Fetch(t.Context(), targetOf(info), candidates(peer{info: info}.listen(t, "::1")), nil)
	if err != nil {
		t.Fatal(err)
	}
	sameInfo(t, got, info)
}

func TestFetchVerifiesV2(t *testing.T) {
	file := "d9:file treed1:ad0:d6:lengthi1eeee12:meta versioni2e4:name1:a12:piece lengthi16384ee"
	want, err := metainfo.FromInfo([]byte(file), nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	target := Target{InfoHash: want.InfoHash, V2: want.V2}
	got, err := New(Options{Dial: dial}).Fetch(t.Context(), target, candidates(peer{info: []byte(file)}.listen(t, "127.0.0.1")), nil)
	if err != nil || got.InfoHash != want.InfoHash {
		t.Errorf("got %v, %v; want %s", got, err, want.InfoHash)
	}
}
