package peerwire

import (
	"encoding/binary"
	"fmt"
	"net/netip"

	"btkit/pkg/outcome"
)

// HolepunchKind is the msg_type of a holepunch message.
type HolepunchKind uint8

// The kinds of BEP 55.
const (
	HolepunchRendezvous HolepunchKind = 0 // asks a relay for a connection to Addr
	HolepunchConnect    HolepunchKind = 1 // the relay asks both sides to connect by uTP
	HolepunchError      HolepunchKind = 2 // the relay refuses
)

// Errors of a relay (BEP 55).
const (
	HolepunchNoSuchPeer   uint32 = 1
	HolepunchNotConnected uint32 = 2
	HolepunchNoSupport    uint32 = 3
	HolepunchNoSelf       uint32 = 4
)

// Holepunch is a message of ut_holepunch (BEP 55).
type Holepunch struct {
	Kind HolepunchKind
	Addr netip.AddrPort
	Err  uint32 // one of the Holepunch errors, 0 when absent
}

// ParseHolepunch reads the payload of a ut_holepunch message, with or without
// the error number at its end; anything else is outcome.Malformed.
func ParseHolepunch(payload []byte) (h Holepunch, err error) {
	if len(payload) < 2 || payload[0] > 2 || payload[1] > 1 {
		return h, outcome.Fail(outcome.Malformed, fmt.Errorf("holepunch: unknown kind or address type"))
	}
	size := 4
	if payload[1] == 1 {
		size = 16
	}
	body := payload[2:]
	if len(body) != size+2 && len(body) != size+6 {
		return h, outcome.Fail(outcome.Malformed, fmt.Errorf("holepunch of %d bytes", len(payload)))
	}
	h = Holepunch{Kind: HolepunchKind(payload[0]), Addr: compact(body, size)}
	if len(body) == size+6 {
		h.Err = binary.BigEndian.Uint32(body[size+2:])
	}
	return h, nil
}

// AppendHolepunch adds the frame of a ut_holepunch message with the error
// number, as BEP 55 has it; id is the receiver's number for it.
func AppendHolepunch(dst []byte, id uint8, h Holepunch) []byte {
	a := h.Addr.Addr()
	b := []byte{byte(h.Kind), 0}
	if a.Is6() {
		b[1] = 1
	}
	b = append(b, a.AsSlice()...)
	b = binary.BigEndian.AppendUint16(b, h.Addr.Port())
	return AppendExtended(dst, id, binary.BigEndian.AppendUint32(b, h.Err))
}
