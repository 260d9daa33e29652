package peerwire

import "strconv"

// ID is the kind of a message: the byte on the wire, or KeepAlive, which has
// none.
type ID uint16

// The kinds. 13 to 17 belong to the fast extension (BEP 6), 20 to the
// extension protocol (BEP 10), 21 to 23 to version 2 (BEP 52).
const (
	Choke         ID = 0
	Unchoke       ID = 1
	Interested    ID = 2
	NotInterested ID = 3
	Have          ID = 4
	BitfieldID    ID = 5
	Request       ID = 6
	Piece         ID = 7
	Cancel        ID = 8
	Port          ID = 9
	SuggestPiece  ID = 13
	HaveAll       ID = 14
	HaveNone      ID = 15
	RejectRequest ID = 16
	AllowedFast   ID = 17
	Extended      ID = 20
	HashRequest   ID = 21
	Hashes        ID = 22
	HashReject    ID = 23
	KeepAlive     ID = 256 // a frame of length 0
)

var names = map[ID]string{
	Choke: "choke", Unchoke: "unchoke", Interested: "interested", NotInterested: "not_interested",
	Have: "have", BitfieldID: "bitfield", Request: "request", Piece: "piece", Cancel: "cancel", Port: "port",
	SuggestPiece: "suggest_piece", HaveAll: "have_all", HaveNone: "have_none", RejectRequest: "reject_request",
	AllowedFast: "allowed_fast", Extended: "extended", HashRequest: "hash_request", Hashes: "hashes",
	HashReject: "hash_reject", KeepAlive: "keep_alive",
}

// String is the snake-case name, or "unknown_99".
func (id ID) String() string {
	if name, ok := names[id]; ok {
		return name
	}
	return "unknown_" + strconv.Itoa(int(id))
}

// Known says whether the protocol defines the kind; others are to be skipped.
func (id ID) Known() bool {
	_, ok := names[id]
	return ok
}

// Fast says whether the kind is only valid when both sides offered the fast
// extension (BEP 6).
func (id ID) Fast() bool { return id >= SuggestPiece && id <= AllowedFast }

// Message is one decoded frame. Which fields are set depends on ID:
//
//	have, suggest_piece, allowed_fast        Index
//	request, cancel, reject_request          Index, Begin, Length
//	piece                                    Index, Begin, Length of the block; its bytes are skipped
//	port                                     Port
//	bitfield                                 Payload: the bits
//	extended                                 Ext, Payload: what follows the extension id
//	hash_request, hash_reject, hashes        Index, Length, Payload: the first 48 bytes; hashes are skipped
//	unknown                                  Length of the payload; its bytes are skipped
type Message struct {
	ID      ID
	Index   uint32
	Begin   uint32
	Length  uint32
	Port    uint16
	Ext     uint8
	Payload []byte // valid only during the call it was handed to
}
