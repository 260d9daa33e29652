package peerwire

import "encoding/binary"

// The Append functions add one whole frame, length field included, to dst.

// AppendKeepAlive adds a frame of length 0.
func AppendKeepAlive(dst []byte) []byte { return append(dst, 0, 0, 0, 0) }

// AppendChoke adds choke.
func AppendChoke(dst []byte) []byte { return appendBare(dst, Choke) }

// AppendUnchoke adds unchoke.
func AppendUnchoke(dst []byte) []byte { return appendBare(dst, Unchoke) }

// AppendInterested adds interested.
func AppendInterested(dst []byte) []byte { return appendBare(dst, Interested) }

// AppendNotInterested adds not_interested.
func AppendNotInterested(dst []byte) []byte { return appendBare(dst, NotInterested) }

// AppendHaveAll adds have_all (BEP 6).
func AppendHaveAll(dst []byte) []byte { return appendBare(dst, HaveAll) }

// AppendHaveNone adds have_none (BEP 6).
func AppendHaveNone(dst []byte) []byte { return appendBare(dst, HaveNone) }

// AppendHave adds have.
func AppendHave(dst []byte, index uint32) []byte { return appendWords(dst, Have, index) }

// AppendSuggestPiece adds suggest_piece (BEP 6).
func AppendSuggestPiece(dst []byte, index uint32) []byte {
	return appendWords(dst, SuggestPiece, index)
}

// AppendAllowedFast adds allowed_fast (BEP 6).
func AppendAllowedFast(dst []byte, index uint32) []byte { return appendWords(dst, AllowedFast, index) }

// AppendRequest adds request; begin and length are bytes.
func AppendRequest(dst []byte, index, begin, length uint32) []byte {
	return appendWords(dst, Request, index, begin, length)
}

// AppendCancel adds cancel.
func AppendCancel(dst []byte, index, begin, length uint32) []byte {
	return appendWords(dst, Cancel, index, begin, length)
}

// AppendRejectRequest adds reject_request (BEP 6), the answer to a request that
// will not be served.
func AppendRejectRequest(dst []byte, index, begin, length uint32) []byte {
	return appendWords(dst, RejectRequest, index, begin, length)
}

// AppendPort adds port: the UDP port of our DHT node (BEP 5).
func AppendPort(dst []byte, port uint16) []byte {
	return binary.BigEndian.AppendUint16(appendHead(dst, Port, 2), port)
}

// AppendBitfield adds bitfield; bits holds ceil(pieces/8) bytes.
func AppendBitfield(dst, bits []byte) []byte {
	return append(appendHead(dst, BitfieldID, len(bits)), bits...)
}

// AppendPiece adds piece with a block of content. Only the lab serves blocks.
func AppendPiece(dst []byte, index, begin uint32, block []byte) []byte {
	dst = appendHead(dst, Piece, 8+len(block))
	dst = binary.BigEndian.AppendUint32(dst, index)
	dst = binary.BigEndian.AppendUint32(dst, begin)
	return append(dst, block...)
}

// AppendExtended adds a message of the extension protocol (BEP 10); id is the
// number that the receiver asked for, 0 for the extension handshake.
func AppendExtended(dst []byte, id uint8, payload []byte) []byte {
	return append(append(appendHead(dst, Extended, 1+len(payload)), id), payload...)
}

// AppendHashReject adds hash_reject, the answer to a hash_request whose 48 bytes
// of payload it repeats (BEP 52).
func AppendHashReject(dst []byte, request []byte) []byte {
	return append(appendHead(dst, HashReject, len(request)), request...)
}

func appendBare(dst []byte, id ID) []byte { return appendHead(dst, id, 0) }

func appendWords(dst []byte, id ID, words ...uint32) []byte {
	dst = appendHead(dst, id, 4*len(words))
	for _, w := range words {
		dst = binary.BigEndian.AppendUint32(dst, w)
	}
	return dst
}

func appendHead(dst []byte, id ID, payload int) []byte {
	return append(binary.BigEndian.AppendUint32(dst, uint32(1+payload)), byte(id))
}
