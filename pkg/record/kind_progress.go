package record

import "net/netip"

// Progress is one settled reading of how many pieces a peer has. It is
// written when the reading first settles, at once when it crosses the
// threshold or becomes complete or when the peer wants no more, and every sample
// interval in which it changed. A conversation that told nothing writes none.
type Progress struct {
	Header
	// Torrent read.
	InfoHash string `json:"infohash"`
	// Address of the peer.
	IP netip.Addr `json:"ip"`
	// Port of the connection at the peer's side.
	Port uint16 `json:"port"`
	// Number of the conversation in its writer's run.
	Session uint64 `json:"session"`
	// Who opened the connection: "out" (we), "in" (the peer) or "pcap".
	Direction string `json:"direction"`
	// Port where the peer says that it listens (BEP 10 "p").
	ListenPort uint16 `json:"listen_port,omitempty"`
	// Peer id, 20 bytes.
	PeerID string `json:"peer_id,omitempty"`
	// Client and version.
	Client string `json:"client,omitempty"`
	// Pieces that the peer has.
	Have int64 `json:"have"`
	// Pieces of the torrent.
	Pieces int64 `json:"pieces"`
	// Pieces at the completion threshold.
	Need int64 `json:"need"`
	// Length of a piece in bytes.
	PieceBytes int64 `json:"piece_bytes,omitempty"`
	// What the reading rests on: "bitfield", "have", "have-all" or "have-none".
	How string `json:"how"`
	// Whether the reading had settled; only settled readings confirm.
	Settled bool `json:"settled"`
	// Whether the peer has all pieces.
	Complete bool `json:"complete"`
	// Whether the peer says that it wants no more pieces (BEP 21).
	UploadOnly *bool `json:"upload_only,omitempty"`
	// Whether the peer has all it wants of a torrent of which it lacks pieces:
	// a partial seed (BEP 21).
	PartialSeed bool `json:"partial_seed,omitempty"`
	// Whether the peer looks like a seed that hides its pieces, or has just
	// stopped to hide them (BEP 16).
	SuperSeed bool `json:"super_seed,omitempty"`
	// All pieces as a base64 bitfield, only with --bitfield.
	BitfieldB64 string `json:"bitfield_b64,omitempty"`
}

// fewPieces is the number of pieces up to which hiding them makes no sense.
const fewPieces = 8

// Hiding says whether a seed that hides its pieces (BEP 16) may show so few of
// them: one or two, and one more whenever the others have passed on what it
// showed. A reading of a peer that began with nothing and has no more than that
// proves no leecher.
func Hiding(have, pieces int64) bool { return pieces > fewPieces && have <= 2+pieces/100 }
