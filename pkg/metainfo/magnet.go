package metainfo

import (
	"encoding/base32"
	"encoding/hex"
	"net/netip"
	"net/url"
	"strings"

	"btkit/pkg/benc"
)

const magnetScheme = "magnet:"

// IsMagnet says whether s starts like a magnet link, in any case.
func IsMagnet(s string) bool {
	return len(s) >= len(magnetScheme) && strings.EqualFold(s[:len(magnetScheme)], magnetScheme)
}

// ParseMagnet reads a magnet link (BEP 9, BEP 52): btih in hex or base32 and
// btmh, one of them or both, dn, tr, x.pe and ws. Parameters that it does not
// know and addresses that it cannot read are left out. Offsets in errors count
// from the start of the link.
func ParseMagnet(link string) (*Torrent, error) {
	if !IsMagnet(link) {
		return nil, &benc.SyntaxError{Offset: 0, Want: "magnet:?"}
	}
	if len(link) > MaxMagnetBytes {
		return nil, &benc.SyntaxError{Offset: MaxMagnetBytes, Want: "the end of the magnet link", Limit: true}
	}
	if len(link) == len(magnetScheme) || link[len(magnetScheme)] != '?' {
		return nil, &benc.SyntaxError{Offset: len(magnetScheme), Want: "a question mark"}
	}
	m := magnet{torrent: &Torrent{Source: SourceMagnet}}
	for at := len(magnetScheme) + 1; at < len(link); {
		parameter, _, _ := strings.Cut(link[at:], "&")
		if err := m.parameter(parameter, at); err != nil {
			return nil, err
		}
		at += len(parameter) + 1
	}
	return m.finish(len(link))
}

// magnet gathers the parameters of a link.
type magnet struct {
	torrent  *Torrent
	trackers tierList
	seeds    []string
}

// parameter takes "key=value"; numbered keys ("tr.1") count as their name, and
// "&amp;" of a link copied from HTML as "&".
func (m *magnet) parameter(parameter string, at int) error {
	key, value, _ := strings.Cut(parameter, "=")
	at += len(key) + 1
	key = strings.ToLower(strings.TrimPrefix(key, "amp;"))
	if name, number, ok := strings.Cut(key, "."); ok && isNumber(number) {
		key = name
	}
	switch key {
	case "xt":
		return m.topic(value, at)
	case "dn":
		m.torrent.Name = unescape(strings.ReplaceAll(value, "+", " "))
	case "tr":
		m.trackers.add(unescape(value))
	case "ws":
		m.seeds = append(m.seeds, unescape(value))
	case "x.pe":
		m.peer(unescape(value))
	}
	return nil
}

// topic takes a urn; those of other networks are left out. The first of each
// kind counts.
func (m *magnet) topic(value string, at int) error {
	urn := strings.ToLower(unescape(value))
	switch {
	case strings.HasPrefix(urn, "urn:btih:"):
		hash, ok := decodeBTIH(urn[len("urn:btih:"):])
		if !ok {
			return &benc.SyntaxError{Offset: at, Want: "urn:btih: and 40 hex digits or 32 characters of base32"}
		}
		if m.torrent.V1 == nil {
			m.torrent.V1 = &hash
		}
	case strings.HasPrefix(urn, "urn:btmh:"):
		hash, ok := decodeBTMH(urn[len("urn:btmh:"):])
		if !ok {
			return &benc.SyntaxError{Offset: at, Want: "urn:btmh:1220 and 64 hex digits"}
		}
		if m.torrent.V2 == nil {
			m.torrent.V2 = &hash
		}
	}
	return nil
}

func (m *magnet) peer(address string) {
	a, err := netip.ParseAddrPort(address)
	if err == nil && a.Port() != 0 && a.Addr().Zone() == "" && len(m.torrent.Peers) < maxPeers {
		m.torrent.Peers = append(m.torrent.Peers, a.String())
	}
}

func (m *magnet) finish(end int) (*Torrent, error) {
	t := m.torrent
	switch {
	case t.V1 != nil:
		t.InfoHash = *t.V1
	case t.V2 != nil:
		t.InfoHash = InfoHash(t.V2[:20])
	default:
		return nil, &benc.SyntaxError{Offset: end, Want: "xt=urn:btih: or xt=urn:btmh: before the end"}
	}
	t.Trackers = m.trackers.tiers
	t.WebSeeds = webSeeds(m.seeds)
	return t, nil
}

func decodeBTIH(s string) (hash [20]byte, ok bool) {
	var b []byte
	var err error
	switch len(s) {
	case 40:
		b, err = hex.DecodeString(s)
	case 32:
		b, err = base32.StdEncoding.DecodeString(strings.ToUpper(s))
	}
	if err != nil || len(b) != len(hash) {
		return hash, false
	}
	return [20]byte(b), true
}

// decodeBTMH reads a multihash: 0x12 is SHA-256, 0x20 its 32 bytes.
func decodeBTMH(s string) (hash [32]byte, ok bool) {
	b, err := hex.DecodeString(s)
	if err != nil || len(b) != 34 || b[0] != 0x12 || b[1] != 0x20 {
		return hash, false
	}
	return [32]byte(b[2:]), true
}

// unescape resolves percent signs, or leaves the text as it is.
func unescape(s string) string {
	if plain, err := url.PathUnescape(s); err == nil {
		return plain
	}
	return s
}

func isNumber(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}
