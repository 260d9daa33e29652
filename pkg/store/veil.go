package store

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"hash"
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// hashBytes is how much of the HMAC is kept: 128 bits never collide by chance
// among the addresses of one measurement.
const hashBytes = 16

// veil replaces addresses and peer ids by keyed hashes. The nil veil leaves
// them as they are. It is for one goroutine.
type veil struct {
	mac hash.Hash
	sum []byte
}

func newVeil(key []byte) *veil { return &veil{mac: hmac.New(sha256.New, key)} }

// hide gives the hash of a text in hex.
func (v *veil) hide(text string) string {
	v.mac.Reset()
	v.mac.Write([]byte(text))
	v.sum = v.mac.Sum(v.sum[:0])
	return hex.EncodeToString(v.sum[:hashBytes])
}

// addr gives an address as text: unmapped, without zone, hashed.
func (v *veil) addr(a netip.Addr) string {
	text := a.Unmap().WithZone("").String()
	if v == nil {
		return text
	}
	return v.hide(text)
}

// peerID hides a whole peer id: its random part tells users apart.
func (v *veil) peerID(id string) string {
	if v == nil || id == "" {
		return id
	}
	return v.hide(strings.ToLower(id))
}

// whole hides a text that is an address, or an address and a port; the port
// stays, so that it still joins. Any other text stays.
func (v *veil) whole(text string) string {
	if v == nil || !mayBeAddr(text) {
		return text
	}
	if a, err := netip.ParseAddr(strings.Trim(text, "[]")); err == nil {
		return v.addr(a)
	}
	if ap, err := netip.ParseAddrPort(text); err == nil {
		return v.addr(ap.Addr()) + ":" + strconv.Itoa(int(ap.Port()))
	}
	return text
}

// mayBeAddr is a cheap look that spares most texts the parsing.
func mayBeAddr(text string) bool {
	return len(text) >= 2 && len(text) <= 64 && strings.ContainsAny(text, ".:")
}

// via hides an address, not a URL: a tracker is a service, not a person.
func (v *veil) via(text string) string {
	if strings.Contains(text, "://") {
		return text
	}
	return v.whole(text)
}

// free hides the addresses within a sentence.
func (v *veil) free(text string) string {
	return v.words(text, func(string, bool) bool { return false })
}

// client hides the addresses within the name of a client, but not what may be a
// version of four numbers: that stands behind a word and has no number above 99.
func (v *veil) client(text string) string {
	return v.words(text, func(word string, first bool) bool {
		a, err := netip.ParseAddr(word)
		if err != nil || !a.Is4() || first {
			return false
		}
		four := a.As4()
		return slices.Max(four[:]) < 100
	})
}

// words hides the addresses among the words of a text, save those that keep wants
// to have; it is told whether nothing stands in front of the word.
func (v *veil) words(text string, keep func(word string, first bool) bool) string {
	if v == nil {
		return text
	}
	var out strings.Builder
	for len(text) > 0 {
		n := strings.IndexFunc(text, inAddr)
		if n < 0 {
			n = len(text)
		}
		out.WriteString(text[:n])
		text = text[n:]
		n = strings.IndexFunc(text, func(r rune) bool { return !inAddr(r) })
		if n < 0 {
			n = len(text)
		}
		if first := strings.TrimSpace(out.String()) == ""; keep(text[:n], first) {
			out.WriteString(text[:n])
		} else {
			out.WriteString(v.word(text[:n]))
		}
		text = text[n:]
	}
	return out.String()
}

// word hides one word of a sentence; a full stop or colon may stand behind.
func (v *veil) word(text string) string {
	bare := strings.TrimRight(text, ".:")
	return v.whole(bare) + text[len(bare):]
}

func inAddr(r rune) bool {
	return r >= '0' && r <= '9' || r >= 'a' && r <= 'f' || r >= 'A' && r <= 'F' ||
		r == '.' || r == ':' || r == '[' || r == ']'
}
