package peerwire

import (
	"encoding/binary"
	"fmt"

	"btkit/pkg/outcome"
)

// fixed is the length field of messages that have only one.
var fixed = [...]int{
	Choke: 1, Unchoke: 1, Interested: 1, NotInterested: 1, Have: 5, Request: 13, Cancel: 13, Port: 3,
	SuggestPiece: 5, HaveAll: 1, HaveNone: 1, RejectRequest: 13, AllowedFast: 5, HashRequest: 49, HashReject: 49,
}

// shape checks the length field of a message and says how many of its bytes are
// kept, counted as the length field counts.
func shape(id ID, length int) (keep int, err error) {
	switch {
	case int(id) < len(fixed) && fixed[id] > 0:
		if length != fixed[id] {
			return 0, badLength(id, length)
		}
		return length, nil
	case id == BitfieldID:
		return length, nil
	case length > smallFrame:
		return 0, outcome.Fail(outcome.TooLarge, fmt.Errorf("%s of %d bytes: over the bound", id, length))
	case id == Piece && length < 9, id == Extended && length < 2, id == Hashes && (length < 49 || (length-49)%32 != 0):
		return 0, badLength(id, length)
	}
	switch id {
	case Piece:
		return 9, nil
	case Extended:
		return length, nil
	case Hashes:
		return 49, nil
	}
	return 1, nil
}

func badLength(id ID, length int) error {
	return outcome.Fail(outcome.Malformed, fmt.Errorf("%s: length field %d", id, length))
}

// parse reads the kept bytes of a frame whose length has been checked.
func parse(frame []byte) Message {
	length := binary.BigEndian.Uint32(frame)
	if length == 0 {
		return Message{ID: KeepAlive}
	}
	m := Message{ID: ID(frame[4])}
	body := frame[5:]
	switch m.ID {
	case Have, SuggestPiece, AllowedFast:
		m.Index = binary.BigEndian.Uint32(body)
	case Request, Cancel, RejectRequest:
		m.Index, m.Begin, m.Length = three(body)
	case Piece:
		m.Index, m.Begin = binary.BigEndian.Uint32(body), binary.BigEndian.Uint32(body[4:])
		m.Length = length - 9
	case Port:
		m.Port = binary.BigEndian.Uint16(body)
	case BitfieldID:
		m.Payload = body
	case Extended:
		m.Ext, m.Payload = body[0], body[1:]
	case HashRequest, HashReject, Hashes:
		_, m.Index, m.Length = three(body[32:])
		m.Payload = body
	default:
		m.Length = length - 1
	}
	return m
}

func three(b []byte) (uint32, uint32, uint32) {
	return binary.BigEndian.Uint32(b), binary.BigEndian.Uint32(b[4:]), binary.BigEndian.Uint32(b[8:])
}
