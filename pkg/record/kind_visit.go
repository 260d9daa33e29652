package record

import "net/netip"

// Visit is one conversation or attempt, written when it ends.
type Visit struct {
	Header
	// Torrent spoken about.
	InfoHash string `json:"infohash"`
	// Address of the peer.
	IP netip.Addr `json:"ip"`
	// Port of the connection at the peer's side.
	Port uint16 `json:"port"`
	// Number of the conversation in this run; its progress records carry it.
	Session uint64 `json:"session"`
	// Who opened the connection: "out" (we), "in" (the peer) or "pcap".
	Direction string `json:"direction"`
	// Number of the attempt at this peer, from 1.
	N int64 `json:"n,omitempty"`
	// "tcp" or "utp".
	Transport string `json:"transport,omitempty"`
	// "plain"; "rc4" (MSE); or "mse-plain", an encrypted handshake after which
	// both sides agreed to go on in the clear.
	Crypto string `json:"crypto,omitempty"`
	// How it ended, from the closed list of outcomes.
	Outcome string `json:"outcome"`
	// How far it got: "dial", "handshake", "open" or "settled".
	Stage string `json:"stage"`
	// Why the peer closed a connection before its first byte, as far as is known
	// by the end of this visit: "full", "encryption", "transport", "duplicate",
	// "paused", "not-this-torrent" or "gone".
	Reason string `json:"reason,omitempty"`
	// How sure the reason is, 0 to 1.
	ReasonSure float64 `json:"reason_sure,omitempty"`
	// Session of the visit that the reason is about: this one, or an earlier one
	// that this one explains.
	ReasonSession uint64 `json:"reason_session,omitempty"`
	// Our local address of the connection; over uTP it is known with --bind only.
	LocalIP netip.Addr `json:"local_ip,omitempty"`
	// Canonical priority of the connection (BEP 40): clients that are full keep
	// those of higher value.
	Rank *int64 `json:"rank,omitempty"`
	// Peer that introduced us by hole punching (BEP 55), "ip:port".
	Relay string `json:"relay,omitempty"`
	// Milliseconds from start to end.
	TookMS float64 `json:"took_ms"`
	// Milliseconds to connect.
	RttMS float64 `json:"rtt_ms,omitempty"`
	// Longest silence between two messages that mattered, for calibration.
	GapMS float64 `json:"gap_ms,omitempty"`
	// Pieces that the peer had at the end, if known.
	Have *int64 `json:"have,omitempty"`
	// Pieces of the torrent, if known.
	Pieces int64 `json:"pieces,omitempty"`
	// Peer id, 20 bytes.
	PeerID string `json:"peer_id,omitempty"`
	// Client and version.
	Client string `json:"client,omitempty"`
	// Raw bytes of the client's name in hex, when cleaning changed it.
	ClientHex string `json:"client_hex,omitempty"`
	// Reserved bits of the handshake, 8 bytes.
	Reserved string `json:"reserved,omitempty"`
	// Port where the peer says that it listens (BEP 10 "p").
	ListenPort uint16 `json:"listen_port,omitempty"`
	// Whether the peer says that it wants no more pieces (BEP 21).
	UploadOnly *bool `json:"upload_only,omitempty"`
	// UDP port of the peer's DHT node (BEP 5).
	DHTPort uint16 `json:"dht_port,omitempty"`
	// Our address as the peer sees it (BEP 10 "yourip").
	ExternalIP netip.Addr `json:"external_ip,omitempty"`
	// Oddities of the conversation that did not end it.
	Oddities []string `json:"oddities,omitempty"`
	// Messages received, by type.
	Messages map[string]int64 `json:"messages,omitempty"`
	// Bytes received.
	RxBytes int64 `json:"rx_bytes,omitempty"`
	// Bytes sent.
	TxBytes int64 `json:"tx_bytes,omitempty"`
}
