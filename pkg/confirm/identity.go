package confirm

import (
	"crypto/sha256"
	"encoding/binary"
	"strings"

	"btkit/pkg/record"
)

// What an identity rests on, strongest first.
const (
	byAddress    = "address"     // we dialled this address and port
	byListenPort = "listen-port" // the peer named the port it listens on
	byPeerID     = "peer-id"     // only the peer id tells it from others at its address
)

// key names an identity: a digest of torrent, address, and port or peer id.
type key [16]byte

// identify gives the key under which readings belong together. A peer that
// dials us and names its port has the same key as when we dial that port.
func identify(p *record.Progress) (key, string) {
	port, how := identityPort(p), byAddress
	if p.Direction == "in" || p.Direction == "pcap" && p.ListenPort != 0 {
		how = byListenPort
	}
	b := make([]byte, 0, 128)
	b = append(b, p.InfoHash...)
	ip := p.IP.As16()
	b = append(b, ip[:]...)
	if port == 0 {
		return digest(append(b, p.PeerID...)), byPeerID
	}
	return digest(binary.BigEndian.AppendUint16(b, port)), how
}

// identityPort is where the peer takes connections, 0 if that is not known.
func identityPort(p *record.Progress) uint16 {
	if p.Direction == "in" || p.Direction == "pcap" && p.ListenPort != 0 {
		return p.ListenPort
	}
	return p.Port
}

// addressKey names the address alone.
func addressKey(p *record.Progress) key {
	ip := p.IP.As16()
	return digest(append([]byte(p.InfoHash), ip[:]...))
}

func digest(b []byte) (k key) {
	sum := sha256.Sum256(b)
	copy(k[:], sum[:])
	return k
}

// peerMark tells a client from the next one at its address: the peer id and
// the client's name without its version. Zero means that it is not known.
type peerMark struct{ id, family uint32 }

func markOf(p *record.Progress) (m peerMark) {
	if p.PeerID != "" {
		m.id = short("id", p.PeerID)
	}
	if f := family(p.Client); f != "" {
		m.family = short("family", f)
	}
	return m
}

// differs says whether this is surely another client: another peer id and a
// client of another family. A restart changes the id alone, an upgrade the
// version alone.
func (m peerMark) differs(o peerMark) bool {
	return m.id != 0 && o.id != 0 && m.id != o.id && m.family != 0 && o.family != 0 && m.family != o.family
}

// changed says whether both marks are known and neither agrees.
func (m peerMark) changed(o peerMark) bool { return m.id != 0 && o.id != 0 && m.id != o.id }

// family is the client's name up to its version: "qBittorrent" of
// "qBittorrent/4.6.5" and of "qBittorrent v4.5".
func family(client string) string {
	end := strings.IndexFunc(client, func(r rune) bool { return r >= '0' && r <= '9' || r == '/' || r == '(' })
	if end < 0 {
		end = len(client)
	}
	name := strings.ToLower(strings.TrimSpace(client[:end]))
	return strings.TrimSuffix(strings.TrimSuffix(name, " v"), " ")
}

// mergeKey finds the same client at another address of one torrent: the whole
// peer id and the client's family. ok is false for ids that many clients could
// share, such as all zeros.
func mergeKey(p *record.Progress) (k uint64, ok bool) {
	if len(p.PeerID) != 40 || p.Client == "" || !varied(p.PeerID[16:]) {
		return 0, false
	}
	sum := sha256.Sum256([]byte(p.InfoHash + "/" + p.PeerID + "/" + family(p.Client)))
	return binary.BigEndian.Uint64(sum[:]), true
}

// varied says whether the random part of a peer id looks random: at least six
// different bytes of twelve.
func varied(hexTail string) bool {
	seen := map[string]bool{}
	for i := 0; i+1 < len(hexTail); i += 2 {
		seen[hexTail[i:i+2]] = true
	}
	return len(seen) >= 6
}

func short(kind, s string) uint32 {
	sum := sha256.Sum256([]byte(kind + s))
	return binary.BigEndian.Uint32(sum[:]) | 1
}
