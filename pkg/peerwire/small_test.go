package peerwire

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"net/netip"
	"slices"
	"testing"

	"btkit/pkg/outcome"
)

func TestDontHave(t *testing.T) {
	v := load(t).DontHave
	m := extended(t, v.Bytes)
	if got, err := ParseDontHave(m.Payload); err != nil || got != v.Index || m.Ext != v.RemoteID {
		t.Errorf("got piece %d to id %d, %v, want %d to %d", got, m.Ext, err, v.Index, v.RemoteID)
	}
	if got := AppendDontHave(nil, v.RemoteID, v.Index); !bytes.Equal(got, v.Bytes) {
		t.Errorf("append: got %x, want %x", got, v.Bytes)
	}
	if _, err := ParseDontHave(make([]byte, 5)); outcome.Of(err) != outcome.Malformed {
		t.Errorf("5 bytes: got %v", err)
	}
}

func TestUploadOnly(t *testing.T) {
	v := load(t).UploadOnly
	for want, b := range map[bool][]byte{true: v.On, false: v.Off} {
		if got, err := ParseUploadOnly(extended(t, b).Payload); err != nil || got != want {
			t.Errorf("%x: got %v, %v, want %v", b, got, err, want)
		}
		if got := AppendUploadOnly(nil, v.RemoteID, want); !bytes.Equal(got, b) {
			t.Errorf("append: got %x, want %x", got, b)
		}
	}
	if _, err := ParseUploadOnly(nil); outcome.Of(err) != outcome.Malformed {
		t.Errorf("nothing: got %v", err)
	}
}

func TestHolepunch(t *testing.T) {
	v := load(t).Holepunch
	v4, v6 := netip.MustParseAddrPort("203.0.113.5:6881"), netip.MustParseAddrPort("[2001:db8::5]:6881")
	for _, c := range []struct {
		name  string
		bytes []byte
		want  Holepunch
	}{
		{"rendezvous with error field", v.Full, Holepunch{HolepunchRendezvous, v4, 0}},
		{"rendezvous without", v.Short, Holepunch{HolepunchRendezvous, v4, 0}},
		{"connect to IPv6", v.Connect6, Holepunch{HolepunchConnect, v6, 0}},
		{"error", v.Error, Holepunch{HolepunchError, v4, HolepunchNotConnected}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := ParseHolepunch(extended(t, c.bytes).Payload)
			if err != nil || got != c.want {
				t.Errorf("got %+v, %v, want %+v", got, err, c.want)
			}
			again, err := ParseHolepunch(extended(t, AppendHolepunch(nil, v.RemoteID, got)).Payload)
			if err != nil || again != c.want {
				t.Errorf("there and back: got %+v, %v, want %+v", again, err, c.want)
			}
		})
	}
	if got := AppendHolepunch(nil, v.RemoteID, Holepunch{HolepunchRendezvous, v4, 0}); !bytes.Equal(got, v.Full) {
		t.Errorf("append: got %x, want %x", got, v.Full)
	}
	for _, bad := range []string{"", "00", "0300cb0071051ae1", "0002cb0071051ae1", "0000cb0071051ae100", "0001cb0071051ae1"} {
		raw, _ := hex.DecodeString(bad)
		if _, err := ParseHolepunch(raw); outcome.Of(err) != outcome.Malformed {
			t.Errorf("%q: got %v, want malformed", bad, err)
		}
	}
}

func TestAllowedFastSet(t *testing.T) {
	for _, v := range load(t).AllowedFast {
		got := AllowedFastSet(netip.MustParseAddr(v.IP), [20]byte(v.InfoHash), v.Pieces, v.K)
		if !slices.Equal(got, v.Set) {
			t.Errorf("k %d: got %v, want %v", v.K, got, v.Set)
		}
	}
	if got := AllowedFastSet(netip.MustParseAddr("1.2.3.4"), [20]byte{}, 5, 10); len(got) != 5 {
		t.Errorf("5 pieces: got %v, want all", got)
	}
	if got := AllowedFastSet(netip.MustParseAddr("2001:db8::1"), [20]byte{}, 5, 10); got != nil {
		t.Errorf("IPv6: got %v, want nothing", got)
	}
}

func TestPriority(t *testing.T) {
	for _, v := range load(t).BEP40 {
		a := netip.AddrPortFrom(netip.MustParseAddr(v.A), v.PA)
		b := netip.AddrPortFrom(netip.MustParseAddr(v.B), v.PB)
		for _, got := range []uint32{Priority(a, b), Priority(b, a)} {
			if fmt.Sprintf("%08x", got) != v.Priority {
				t.Errorf("%s and %s: got %08x, want %s", a, b, got, v.Priority)
			}
		}
	}
	v6, near, v4 := netip.MustParseAddrPort("[2001:db8::1]:1"), netip.MustParseAddrPort("[2001:db8::2]:1"), netip.MustParseAddrPort("1.2.3.4:1")
	if got := Priority(v6, v4); got != 0 {
		t.Errorf("two families: got %08x, want 0", got)
	}
	if got := Priority(v6, near); got == 0 || got != Priority(near, v6) {
		t.Errorf("IPv6: got %08x and %08x, want the same and not 0", got, Priority(near, v6))
	}
}
