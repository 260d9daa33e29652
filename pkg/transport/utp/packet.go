package utp

import (
	"encoding/binary"
	"errors"
)

// HeaderLen is the length of a uTP header without extensions, in bytes.
const HeaderLen = 20

const version = 1

// Type is the kind of a packet (BEP 29).
type Type uint8

// The types of BEP 29.
const (
	Data  Type = 0 // carries payload
	Fin   Type = 1 // the last packet of its sender
	State Type = 2 // acknowledges and carries nothing
	Reset Type = 3 // ends the connection at once
	Syn   Type = 4 // opens a connection
)

// Numbers of extensions.
const (
	extSelectiveAck = 1
	extCloseReason  = 3 // of libtorrent: two reserved bytes, then a code
)

// Packet is one uTP packet. Slices of a decoded packet point into the datagram.
type Packet struct {
	Type         Type
	ConnectionID uint16
	Timestamp    uint32 // clock of the sender in microseconds, wraps
	TimestampLag uint32 // its clock minus the timestamp of the last packet it received, in microseconds
	Window       uint32 // bytes free in the sender's receive buffer
	Seq, Ack     uint16
	SelectiveAck []byte // mask, nil without; see Mask
	CloseReason  uint16 // why libtorrent closes, 0 unknown
	Payload      []byte
}

var (
	errShort     = errors.New("shorter than a header")
	errVersion   = errors.New("not version 1")
	errType      = errors.New("unknown type")
	errExtension = errors.New("extension runs past the packet")
)

// IsPacket says whether a datagram looks like uTP and not like another protocol
// that shares the port, such as the DHT.
func IsPacket(b []byte) bool {
	return len(b) >= HeaderLen && b[0]&0x0f == version && b[0]>>4 <= uint8(Syn)
}

// Decode reads a datagram. Unknown extensions are skipped.
func Decode(b []byte) (Packet, error) {
	if len(b) < HeaderLen {
		return Packet{}, errShort
	}
	if b[0]&0x0f != version {
		return Packet{}, errVersion
	}
	p := Packet{
		Type:         Type(b[0] >> 4),
		ConnectionID: binary.BigEndian.Uint16(b[2:]),
		Timestamp:    binary.BigEndian.Uint32(b[4:]),
		TimestampLag: binary.BigEndian.Uint32(b[8:]),
		Window:       binary.BigEndian.Uint32(b[12:]),
		Seq:          binary.BigEndian.Uint16(b[16:]),
		Ack:          binary.BigEndian.Uint16(b[18:]),
	}
	if p.Type > Syn {
		return Packet{}, errType
	}
	var err error
	p.Payload, err = p.extensions(b[1], b[HeaderLen:])
	return p, err
}

// extensions reads the chain of extensions and gives what follows it.
func (p *Packet) extensions(kind uint8, b []byte) ([]byte, error) {
	for kind != 0 {
		if len(b) < 2 || len(b) < 2+int(b[1]) {
			return nil, errExtension
		}
		body := b[2 : 2+int(b[1])]
		switch {
		case kind == extSelectiveAck && len(body) > 0:
			p.SelectiveAck = body
		case kind == extCloseReason && len(body) == 4:
			p.CloseReason = binary.BigEndian.Uint16(body[2:])
		}
		kind, b = b[0], b[2+len(body):]
	}
	return b, nil
}

// Append writes the packet behind b. A selective ack longer than 255 bytes is
// cut.
func (p *Packet) Append(b []byte) []byte {
	mask := p.SelectiveAck[:min(len(p.SelectiveAck), 255)]
	first, afterMask := uint8(0), uint8(0)
	if p.CloseReason != 0 {
		first, afterMask = extCloseReason, extCloseReason
	}
	if len(mask) > 0 {
		first = extSelectiveAck
	}
	b = append(b, uint8(p.Type)<<4|version, first)
	b = binary.BigEndian.AppendUint16(b, p.ConnectionID)
	b = binary.BigEndian.AppendUint32(b, p.Timestamp)
	b = binary.BigEndian.AppendUint32(b, p.TimestampLag)
	b = binary.BigEndian.AppendUint32(b, p.Window)
	b = binary.BigEndian.AppendUint16(b, p.Seq)
	b = binary.BigEndian.AppendUint16(b, p.Ack)
	if len(mask) > 0 {
		b = append(b, afterMask, uint8(len(mask)))
		b = append(b, mask...)
	}
	if p.CloseReason != 0 {
		b = append(b, 0, 4, 0, 0)
		b = binary.BigEndian.AppendUint16(b, p.CloseReason)
	}
	return append(b, p.Payload...)
}
