package metainfo

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"btkit/pkg/benc"
)

const (
	btihHex    = "8c0c9a5a25f0d4092188898ab8da72e7862fedd5"
	btihBase32 = "RQGJUWRF6DKASIMIRGFLRWTS46DC73OV"
	btmhHex    = "51b4f7965cc784d92af7128fb43b5d8c0c5be224e81faae08a011a87668dcfde"
)

func TestMagnet(t *testing.T) {
	tests := []struct{ name, in, hash, rest string }{
		{"hex", "magnet:?xt=urn:btih:" + btihHex, btihHex, "[] [] []"},
		{"hex in capitals", "MAGNET:?XT=URN:BTIH:" + strings.ToUpper(btihHex), btihHex, "[] [] []"},
		{"base32", "magnet:?xt=urn:btih:" + btihBase32, btihHex, "[] [] []"},
		{"base32 in small letters", "magnet:?xt=urn:btih:" + strings.ToLower(btihBase32), btihHex, "[] [] []"},
		{"v2", "magnet:?xt=urn:btmh:1220" + btmhHex, btmhHex[:40], "[] [] []"},
		{"both", "magnet:?xt=urn:btmh:1220" + btmhHex + "&xt=urn:btih:" + btihHex, btihHex, "[] [] []"},
		{"numbered", "magnet:?xt.1=urn:btih:" + btihHex + "&tr.1=udp://b:1&tr.2=udp://c:1", btihHex, "[[udp://b:1] [udp://c:1]] [] []"},
		{"other networks too", "magnet:?xt=urn:ed2k:1&xt=urn:btih:" + btihHex, btihHex, "[] [] []"},
		{"a tier each, no repetition", "magnet:?xt=urn:btih:" + btihHex + "&tr=http%3A%2F%2Fa%2Fx%3Fk%3D1&tr=udp://b:1&tr=UDP://B:1", btihHex, "[[http://a/x?k=1] [udp://b:1]] [] []"},
		{"addresses", "magnet:?xt=urn:btih:" + btihHex + "&x.pe=127.0.0.1:6881&x.pe=%5B::1%5D:1&x.pe=host:1&x.pe=1.2.3.4:0&x.pe=[fe80::1%25x]:1", btihHex, "[] [127.0.0.1:6881 [::1]:1] []"},
		{"web seed", "magnet:?xt=urn:btih:" + btihHex + "&ws=http://s/f&ws=nonsense", btihHex, "[] [] [http://s/f]"},
		{"copied from HTML", "magnet:?xt=urn:btih:" + btihHex + "&amp;tr=udp://b:1", btihHex, "[[udp://b:1]] [] []"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := ParseMagnet(test.in)
			if err != nil {
				t.Fatal(err)
			}
			rest := fmt.Sprint(got.Trackers, got.Peers, got.WebSeeds)
			if got.InfoHash.String() != test.hash || rest != test.rest || got.Source != SourceMagnet {
				t.Errorf("got %s %s %s; want %s %s %s", got.InfoHash, rest, got.Source, test.hash, test.rest, SourceMagnet)
			}
		})
	}
}

func TestMagnetName(t *testing.T) {
	for in, want := range map[string]string{"a+b%2Bc": "a b+c", "%C3%A4": "ä", "100%": "100%", "": ""} {
		got, err := ParseMagnet("magnet:?xt=urn:btih:" + btihHex + "&dn=" + in)
		if err != nil || got.Name != want {
			t.Errorf("dn=%s: got %q, %v; want %q", in, got.Name, err, want)
		}
	}
}

func TestMagnetRefuses(t *testing.T) {
	tests := []struct {
		name, in string
		offset   int
		want     string
	}{
		{"nothing", "", 0, "magnet:?"},
		{"another scheme", "http://x/", 0, "magnet:?"},
		{"scheme alone", "magnet:", 7, "a question mark"},
		{"no topic", "magnet:?dn=x", 12, "xt=urn:btih:"},
		{"hash short", "magnet:?dn=x&xt=urn:btih:abc", 16, "40 hex digits"},
		{"hash no hex", "magnet:?xt=urn:btih:" + strings.Repeat("z", 40), 11, "40 hex digits"},
		{"hash no base32", "magnet:?xt=urn:btih:" + strings.Repeat("1", 32), 11, "base32"},
		{"another multihash", "magnet:?xt=urn:btmh:1114" + btihHex, 11, "urn:btmh:1220"},
		{"too long", "magnet:?xt=urn:btih:" + btihHex + "&dn=" + strings.Repeat("x", MaxMagnetBytes), MaxMagnetBytes, "the end"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := ParseMagnet(test.in)
			var syntax *benc.SyntaxError
			if !errors.As(err, &syntax) || syntax.Offset != test.offset || !strings.Contains(syntax.Want, test.want) {
				t.Errorf("got %v; want byte %d, %q", err, test.offset, test.want)
			}
		})
	}
}
