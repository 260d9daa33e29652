package peerwire

import (
	"encoding/binary"
	"fmt"

	"btkit/pkg/outcome"
)

// HandshakeLen is the length of a handshake in bytes, in both directions.
const HandshakeLen = 68

const protocol = "\x13BitTorrent protocol"

// Bits of the eight reserved bytes read as one big-endian number.
const (
	BitDHT     uint64 = 1 << 0  // a port message is welcome (BEP 5)
	BitFast    uint64 = 1 << 2  // fast extension (BEP 6)
	BitV2      uint64 = 1 << 4  // also speaks version 2 for this hybrid torrent (BEP 52)
	BitExt     uint64 = 1 << 20 // extension protocol (BEP 10)
	BitAzureus uint64 = 1 << 63 // Azureus messaging protocol
)

// Handshake is what both sides send first.
type Handshake struct {
	Reserved [8]byte
	InfoHash [20]byte // version 1, or the first 20 bytes of version 2
	PeerID   [20]byte
}

// Reserved makes the reserved bytes from the Bit constants.
func Reserved(bits uint64) (r [8]byte) {
	binary.BigEndian.PutUint64(r[:], bits)
	return r
}

// Has says whether all given bits are set.
func (h Handshake) Has(bits uint64) bool {
	return binary.BigEndian.Uint64(h.Reserved[:])&bits == bits
}

// Fast says that the sender offers the fast extension (BEP 6).
func (h Handshake) Fast() bool { return h.Has(BitFast) }

// Ext says that the sender offers the extension protocol (BEP 10).
func (h Handshake) Ext() bool { return h.Has(BitExt) }

// DHT says that the sender runs a DHT node (BEP 5).
func (h Handshake) DHT() bool { return h.Has(BitDHT) }

// V2 says that the sender also speaks version 2 (BEP 52).
func (h Handshake) V2() bool { return h.Has(BitV2) }

// Append adds the 68 bytes of the handshake to dst.
func (h Handshake) Append(dst []byte) []byte {
	dst = append(dst, protocol...)
	dst = append(dst, h.Reserved[:]...)
	dst = append(dst, h.InfoHash[:]...)
	return append(dst, h.PeerID[:]...)
}

// ParseHandshake reads a handshake from the front of b, which must hold all 68
// bytes.
func ParseHandshake(b []byte) (h Handshake, err error) {
	if len(b) < HandshakeLen {
		return h, outcome.Fail(outcome.Malformed, fmt.Errorf("handshake of %d bytes", len(b)))
	}
	if string(b[:len(protocol)]) != protocol {
		return h, ErrNotBitTorrent
	}
	copy(h.Reserved[:], b[20:])
	copy(h.InfoHash[:], b[28:])
	copy(h.PeerID[:], b[48:])
	return h, nil
}
