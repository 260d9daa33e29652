package lsd

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"reflect"
	"strings"
	"testing"

	"btkit/pkg/outcome"
)

type vector struct {
	Groups     struct{ V4, V6 string }
	Packet     string
	InfoHashes []string `json:"info_hashes"`
	Port       uint16
	Cookie     string
	MaxLength  int `json:"max_length"`
}

func load(t testing.TB) (v vector, packet []byte) {
	t.Helper()
	b, err := os.ReadFile("testdata/lsd.json")
	if err == nil {
		err = json.Unmarshal(b, &v)
	}
	if err == nil {
		packet, err = hex.DecodeString(v.Packet)
	}
	if err != nil {
		t.Fatal(err)
	}
	return v, packet
}

// hashOf reads 40 hex digits; anything else is another hash than wanted.
func hashOf(digits string) (h Hash) {
	b, _ := hex.DecodeString(digits)
	copy(h[:], b)
	return h
}

func TestVector(t *testing.T) {
	v, packet := load(t)
	want := Message{Host: v.Groups.V4, Port: v.Port, Cookie: v.Cookie}
	for _, digits := range v.InfoHashes {
		want.InfoHashes = append(want.InfoHashes, hashOf(digits))
	}
	got, err := Parse(packet)
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("Parse = %+v, %v; want %+v", got, err, want)
	}
	if text := string(want.Append(nil)); text != string(packet) {
		t.Errorf("Append = %q, want %q", text, packet)
	}
	if Group4.String() != v.Groups.V4 || Group6.String() != v.Groups.V6 || MaxPacket != v.MaxLength {
		t.Errorf("groups %s and %s, %d bytes; want %s, %s, %d", Group4, Group6, MaxPacket, v.Groups.V4, v.Groups.V6, v.MaxLength)
	}
}

const hash1 = "aaf4c61ddcc5e8a2dabede0f3b482cd9aea9434d"

func TestParse(t *testing.T) {
	one := []Hash{hashOf(hash1)}
	for _, c := range []struct {
		name, text string
		want       Message
		as         outcome.Outcome
	}{
		{"shortest", "BT-SEARCH * HTTP/1.1\r\nPort: 1\r\nInfohash: " + hash1 + "\r\n\r\n", Message{Port: 1, InfoHashes: one}, outcome.OK},
		{"line feeds, other case, spaces", "BT-SEARCH * HTTP/1.0\nPORT:65535\nInfoHash :" + strings.ToUpper(hash1) + " \nX: y\n\n", Message{Port: 65535, InfoHashes: one}, outcome.OK},
		{"no end", "BT-SEARCH * HTTP/1.1\r\nInfohash: " + hash1 + "\r\nPort: 7", Message{Port: 7, InfoHashes: one}, outcome.OK},
		{"behind the end", "BT-SEARCH * HTTP/1.1\r\nPort: 1\r\nInfohash: " + hash1 + "\r\n\r\nPort: 2\r\n", Message{Port: 1, InfoHashes: one}, outcome.OK},
		{"one of two info-hashes", "BT-SEARCH * HTTP/1.1\r\nPort: 1\r\nInfohash: ab\r\nInfohash: " + hash1 + "\r\n\r\n", Message{Port: 1, InfoHashes: one}, outcome.OK},
		{"long cookie", "BT-SEARCH * HTTP/1.1\r\nPort: 1\r\nInfohash: " + hash1 + "\r\ncookie: " + strings.Repeat("c", 300) + "\r\n\r\n",
			Message{Port: 1, InfoHashes: one, Cookie: strings.Repeat("c", maxCookie)}, outcome.OK},
		{"empty", "", Message{}, outcome.Malformed},
		{"another method", "M-SEARCH * HTTP/1.1\r\nPort: 1\r\nInfohash: " + hash1 + "\r\n\r\n", Message{}, outcome.Malformed},
		{"no port", "BT-SEARCH * HTTP/1.1\r\nInfohash: " + hash1 + "\r\n\r\n", Message{}, outcome.Malformed},
		{"port 0", "BT-SEARCH * HTTP/1.1\r\nPort: 0\r\nInfohash: " + hash1 + "\r\n\r\n", Message{}, outcome.Malformed},
		{"port too high", "BT-SEARCH * HTTP/1.1\r\nPort: 65536\r\nInfohash: " + hash1 + "\r\n\r\n", Message{}, outcome.Malformed},
		{"negative port", "BT-SEARCH * HTTP/1.1\r\nPort: -1\r\nInfohash: " + hash1 + "\r\n\r\n", Message{}, outcome.Malformed},
		{"no info-hash", "BT-SEARCH * HTTP/1.1\r\nPort: 1\r\n\r\n", Message{}, outcome.Malformed},
		{"too long", "BT-SEARCH * HTTP/1.1\r\nPort: 1\r\nX: " + strings.Repeat("x", maxHeard), Message{}, outcome.TooLarge},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := Parse([]byte(c.text))
			if outcome.Of(err) != c.as || err == nil && !reflect.DeepEqual(got, c.want) {
				t.Errorf("got %+v, %v; want %+v, %s", got, err, c.want, c.as)
			}
		})
	}
}

// A packet with as many torrents as there is room for has at most 1400 bytes,
// and one more would not fit.
func TestRoom(t *testing.T) {
	m := Message{Host: Group6.String(), Port: 65535, Cookie: "0123456789abcdef"}
	room := m.Room()
	m.InfoHashes = make([]Hash, room)
	full := len(m.Append(nil))
	if full > MaxPacket || full+len("Infohash: \r\n")+40 <= MaxPacket || m.Room() != 0 {
		t.Errorf("%d torrents make %d bytes with room for %d more, want as many as fit into %d", room, full, m.Room(), MaxPacket)
	}
}

// Whatever a datagram holds, what is read of it is bounded by its length, can
// be written, and reads the same again.
func FuzzParse(f *testing.F) {
	_, packet := load(f)
	f.Add(packet)
	f.Add([]byte("BT-SEARCH * HTTP/1.1\nPort:1\nInfohash:" + hash1))
	f.Add([]byte("BT-SEARCH \r\n:\r\nPort: 00001\r\ncookie: \x00\xff\r\nHost: \r\n\r\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := Parse(b)
		if err != nil {
			if as := outcome.Of(err); as != outcome.Malformed && as != outcome.TooLarge {
				t.Errorf("outcome %s", as)
			}
			return
		}
		if len(m.InfoHashes)*40 > len(b) || len(m.Cookie) > maxCookie || m.Port == 0 {
			t.Errorf("%d bytes gave %d torrents, cookie of %d bytes, port %d", len(b), len(m.InfoHashes), len(m.Cookie), m.Port)
		}
		again, err := Parse(m.Append(nil))
		if err == nil && fmt.Sprint(again) != fmt.Sprint(m) {
			t.Errorf("read again %+v, want %+v", again, m)
		}
	})
}
