package peerwire

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"net/netip"
	"reflect"
	"slices"
	"strings"
	"testing"

	"btkit/pkg/outcome"
)

func of[T any](v T) *T { return &v }

// prober is the handshake of the first vector.
func prober() ExtHandshake {
	return ExtHandshake{
		M:    map[string]uint8{NameDontHave: 7, NameUploadOnly: 2, NameHolepunch: 4, NameMetadata: 3, NamePex: 1},
		Reqq: 250, V: "survey/0.1", YourIP: netip.MustParseAddr("203.0.113.9"),
	}
}

func TestExtHandshakeVectors(t *testing.T) {
	full := prober()
	full.CompleteAgo, full.Encrypt, full.UploadOnly = of(int64(42)), of(false), of(true)
	full.IPv4, full.IPv6 = netip.MustParseAddr("198.51.100.7"), netip.MustParseAddr("2001:db8::7")
	full.MetadataSize, full.P = 31235, 6881
	want := map[string]ExtHandshake{
		"prober":                             prober(),
		"every known key":                    full,
		"disable ut_pex later":               {M: map[string]uint8{NamePex: 0}},
		"hostile: m is a list":               {Oddities: []string{"bad-m"}},
		"hostile: id 256 and id -1":          {M: map[string]uint8{}, Oddities: []string{"bad-extension-id", "bad-extension-id"}},
		"hostile: metadata_size -1":          {M: map[string]uint8{NameMetadata: 3}, Oddities: []string{"metadata-size"}},
		"hostile: metadata_size 2^40":        {M: map[string]uint8{NameMetadata: 3}, Oddities: []string{"metadata-size"}},
		"unsorted keys as old uTorrent sent": {M: map[string]uint8{NamePex: 1}, V: "test", Oddities: []string{"unsorted-keys"}},
	}
	cases := load(t).ExtHandshake
	if len(cases) != len(want) {
		t.Fatalf("vectors: got %d, want %d", len(cases), len(want))
	}
	for _, v := range cases {
		t.Run(v.Name, func(t *testing.T) {
			m := extended(t, v.Bytes)
			got, err := ParseExtHandshake(m.Payload)
			if err != nil || m.Ext != 0 {
				t.Fatalf("id %d, %v", m.Ext, err)
			}
			if !reflect.DeepEqual(got, want[v.Name]) {
				t.Errorf("got  %+v\nwant %+v", got, want[v.Name])
			}
			if got.Oddities != nil {
				return
			}
			if again := AppendExtHandshake(nil, got); !bytes.Equal(again, v.Bytes) {
				t.Errorf("append: got %q, want %q", again, v.Bytes)
			}
		})
	}
}

func TestExtHandshakeOdd(t *testing.T) {
	many := "d1:md"
	for i := range 300 {
		many += fmt.Sprintf("4:x%03di1e", i)
	}
	many += "ee"
	for _, c := range []struct {
		name, body string
		want       ExtHandshake
		outcome    outcome.Outcome
	}{
		{"wrong types everywhere", "d1:el1:ae1:mi1e1:p2:aa4:reqqde1:vi5e6:yourip3:abce", ExtHandshake{Oddities: []string{"bad-m"}}, outcome.OK},
		{"ports out of range", "d1:pi65536ee", ExtHandshake{}, outcome.OK},
		{"complete_ago unknown", "d12:complete_agoi-1ee", ExtHandshake{}, outcome.OK},
		{"addresses of the wrong family", "d4:ipv416:aaaaaaaaaaaaaaaa4:ipv64:aaaae", ExtHandshake{}, outcome.OK},
		{"address inside an address", "d6:yourip16:\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\xff\xff\x7f\x00\x00\x01e", ExtHandshake{YourIP: netip.MustParseAddr("127.0.0.1")}, outcome.OK},
		{"bytes behind", "d1:v1:xexyz", ExtHandshake{V: "x", Oddities: []string{"trailing-bytes"}}, outcome.OK},
		{"escape sequence in v", "d1:v6:a\x1b[2J\xffe", ExtHandshake{V: "a\ufffd[2J\ufffd", VRaw: []byte("a\x1b[2J\xff")}, outcome.OK},
		{"list", "l1:ae", ExtHandshake{}, outcome.Malformed},
		{"nothing", "", ExtHandshake{}, outcome.Malformed},
		{"length that lies", "d1:v999999999:ae", ExtHandshake{}, outcome.Malformed},
		{"nesting of 9", "d1:v" + strings.Repeat("l", 8) + strings.Repeat("e", 9), ExtHandshake{}, outcome.Malformed},
		{"over 64 KiB", "d1:v65536:" + strings.Repeat("a", 65536) + "e", ExtHandshake{}, outcome.TooLarge},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := ParseExtHandshake([]byte(c.body))
			if outcome.Of(err) != c.outcome || !reflect.DeepEqual(got, c.want) {
				t.Errorf("got %+v, %v, want %+v, %s", got, err, c.want, c.outcome)
			}
		})
	}
	got, err := ParseExtHandshake([]byte(many))
	if err != nil || len(got.M) != 256 || !slices.Equal(got.Oddities, []string{"many-extensions"}) {
		t.Errorf("300 names: got %d, %v, %v, want 256", len(got.M), got.Oddities, err)
	}
}

func TestLongNameIsCut(t *testing.T) {
	long := strings.Repeat("ä", 100)
	got, err := ParseExtHandshake(ExtHandshake{V: "x" + long}.dict())
	if want := "x" + strings.Repeat("ä", 63); err != nil || got.V != want || string(got.VRaw) == "" {
		t.Errorf("got %q, raw %q, %v, want %q", got.V, got.VRaw, err, want)
	}
	if got := CleanText(bytes.Repeat([]byte{0x80}, 20), 10); got != strings.Repeat("\ufffd", 10) {
		t.Errorf("no character at all: got %q", got)
	}
}

func TestMerge(t *testing.T) {
	e := prober()
	e.UploadOnly = of(false)
	e.Merge(ExtHandshake{M: map[string]uint8{NamePex: 0, "new": 9}, UploadOnly: of(true), P: 5})
	want := prober()
	want.M[NamePex], want.M["new"] = 0, 9
	want.UploadOnly, want.P = of(true), 5
	if !reflect.DeepEqual(e, want) {
		t.Errorf("got  %+v\nwant %+v", e, want)
	}
	if e.ID(NamePex) != 0 || e.ID(NameMetadata) != 3 || e.ID("never named") != 0 {
		t.Errorf("ids: got %d %d %d", e.ID(NamePex), e.ID(NameMetadata), e.ID("never named"))
	}
	var empty ExtHandshake
	empty.Merge(ExtHandshake{M: map[string]uint8{NamePex: 1}})
	if empty.ID(NamePex) != 1 {
		t.Error("a first handshake without m hides the second one's")
	}
}

func TestTrackerHashAndTex(t *testing.T) {
	v := load(t).Tex
	e, err := ParseExtHandshake(extended(t, v.Handshake).Payload)
	if err != nil || hex.EncodeToString(e.TrackerHash) != v.TR || e.ID(NameTex) != 3 {
		t.Errorf("got %x, id %d, %v, want %s", e.TrackerHash, e.ID(NameTex), err, v.TR)
	}
	if again := AppendExtHandshake(nil, e); !bytes.Equal(again, v.Handshake) {
		t.Errorf("append: got %q, want %q", again, v.Handshake)
	}
	want := []string{"udp://tracker.example.com:80/announce", "http://tracker2.example.org/announce"}
	for _, limit := range []int{10, 1} {
		urls, err := ParseTex(extended(t, v.Message).Payload, limit)
		if err != nil || !slices.Equal(urls, want[:min(limit, 2)]) {
			t.Errorf("limit %d: got %q, %v", limit, urls, err)
		}
	}
	if _, err := ParseTex([]byte("le"), 10); outcome.Of(err) != outcome.Malformed {
		t.Errorf("list: got %v", err)
	}
}
