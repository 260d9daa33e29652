package record

import (
	"net/netip"
	"time"
)

// Header stands first in every record, in this order. Type, by, run and seq
// are filled in by the Writer; by, run and seq together name a record for
// ever, so storing it twice does no harm.
type Header struct {
	// Kind of record.
	Type string `json:"type"`
	// Version of that kind; grows only when an old reader would draw a wrong
	// conclusion.
	V int `json:"v"`
	// When it happened, not when it was written: UTC, six decimals, "Z".
	TS time.Time `json:"ts"`
	// Command that wrote the record.
	By string `json:"by"`
	// Random id of that process's run, 16 hex digits.
	Run string `json:"run"`
	// Running number of the record in that run, from 1.
	Seq uint64 `json:"seq"`
}

// Head gives access to the common members of any kind.
func (h *Header) Head() *Header { return h }

// Record is a pointer to one of the kinds of this package.
type Record interface{ Head() *Header }

// Torrent names a torrent to measure. The same torrent may come several
// times: later records add trackers and fill in what was unknown.
type Torrent struct {
	Header
	// 20 bytes as spoken on the wire: SHA-1 of the info dictionary, or the
	// first 20 bytes of its SHA-256 for a pure v2 torrent (BEP 3, BEP 52).
	InfoHash string `json:"infohash"`
	// 32 bytes, SHA-256 of the info dictionary (BEP 52).
	InfoHashV2 string `json:"infohash_v2,omitempty"`
	// Name that the info dictionary or the magnet link suggests.
	Name string `json:"name,omitempty"`
	// Raw bytes of the name in hex, when cleaning changed it.
	NameHex string `json:"name_hex,omitempty"`
	// Number of pieces.
	Pieces int64 `json:"pieces,omitempty"`
	// Length of a piece in bytes.
	PieceBytes int64 `json:"piece_bytes,omitempty"`
	// Length of the content in bytes, padding files left out.
	Bytes int64 `json:"bytes,omitempty"`
	// Number of files, padding files left out.
	Files int64 `json:"files,omitempty"`
	// Whether the torrent is private (BEP 27): its trackers are then the only
	// source of peers.
	Private *bool `json:"private,omitempty"`
	// Announce URLs, a list per tier (BEP 12).
	Trackers [][]string `json:"trackers,omitempty"`
	// Pieces at the completion threshold: ceil(98 % of pieces).
	Need int64 `json:"need,omitempty"`
	// Where this knowledge comes from: "file", "magnet" or "metadata".
	Source string `json:"source,omitempty"`
	// Addresses that the magnet link names (x.pe), "ip:port".
	Peers []string `json:"peers,omitempty"`
	// Web seeds (BEP 19), listed and never contacted.
	WebSeeds []string `json:"web_seeds,omitempty"`
}

// File is one file of a torrent.
type File struct {
	Header
	// Torrent the file belongs to.
	InfoHash string `json:"infohash"`
	// Place in the torrent, from 0.
	Index int64 `json:"index"`
	// Path inside the torrent, parts joined by "/".
	Path string `json:"path"`
	// Raw bytes of the path in hex, when cleaning changed it.
	PathHex string `json:"path_hex,omitempty"`
	// Length in bytes.
	Bytes int64 `json:"bytes"`
}

// Peer is an address that a source gave for a torrent: hearsay until visited.
type Peer struct {
	Header
	// Torrent the address was given for.
	InfoHash string `json:"infohash"`
	// Address, IPv4 or IPv6.
	IP netip.Addr `json:"ip"`
	// TCP port where the peer is said to listen.
	Port uint16 `json:"port"`
	// Who gave it: "tracker", "dht", "pex", "lsd", "incoming", "pcap", "file"
	// or "magnet".
	Source string `json:"source"`
	// Tracker URL, node or peer that gave it.
	Via string `json:"via,omitempty"`
	// Whether the source says that the peer is a seed.
	Seed *bool `json:"seed,omitempty"`
	// Peer exchange flags as received (BEP 11), 0 to 255.
	Flags *int64 `json:"flags,omitempty"`
}

// Listen says where this host takes connections from peers.
type Listen struct {
	Header
	// Local address listened on.
	IP netip.Addr `json:"ip"`
	// TCP port listened on; sources announce it, bt-probe names it as "p".
	Port uint16 `json:"port"`
	// Peer id of this host and run, 20 bytes (BEP 20).
	PeerID string `json:"peer_id"`
}

// Request is one question asked of a tracker or of the DHT, and its answer.
type Request struct {
	Header
	// Torrent asked for.
	InfoHash string `json:"infohash"`
	// Kind of source: "tracker", "dht", "pex" or "lsd".
	Source string `json:"source"`
	// Tracker URL without a password, or "dht" for a lookup.
	Via string `json:"via,omitempty"`
	// What was asked: "announce", "scrape", "stopped", "lookup" or "metadata".
	Ask string `json:"ask,omitempty"`
	// Address family asked over: "ipv4" or "ipv6".
	Family string `json:"family,omitempty"`
	// How it ended, from the closed list of outcomes.
	Outcome string `json:"outcome"`
	// What the other side said about a failure, cleaned.
	Message string `json:"message,omitempty"`
	// Oddities of the answer that did not spoil it.
	Oddities []string `json:"oddities,omitempty"`
	// Milliseconds from question to answer.
	TookMS float64 `json:"took_ms"`
	// Addresses received.
	Peers *int64 `json:"peers,omitempty"`
	// Addresses among them not seen before in this run.
	New *int64 `json:"new,omitempty"`
	// Seconds until the next question that the tracker wishes.
	IntervalS int64 `json:"interval_s,omitempty"`
	// Lower bound of that, in seconds.
	MinIntervalS int64 `json:"min_interval_s,omitempty"`
	// Complete peers that the tracker counts.
	Seeders *int64 `json:"seeders,omitempty"`
	// Incomplete peers that the tracker counts.
	Leechers *int64 `json:"leechers,omitempty"`
	// Completed downloads that the tracker has been told of.
	Completed *int64 `json:"completed,omitempty"`
	// Peers still downloading, where the tracker tells them from partial seeds
	// (BEP 21).
	Downloaders *int64 `json:"downloaders,omitempty"`
	// Estimate of the number of seeds by Bloom filter (BEP 33).
	SeedersEst *float64 `json:"seeders_est,omitempty"`
	// Estimate of the number of downloaders by Bloom filter (BEP 33).
	LeechersEst *float64 `json:"leechers_est,omitempty"`
	// DHT nodes queried during the lookup.
	Queried *int64 `json:"queried,omitempty"`
	// DHT nodes that answered.
	Answered *int64 `json:"answered,omitempty"`
	// HTTP status.
	Status int64 `json:"status,omitempty"`
	// Our address as the tracker sees it (BEP 24).
	ExternalIP netip.Addr `json:"external_ip,omitempty"`
	// Bytes received.
	RxBytes int64 `json:"rx_bytes,omitempty"`
}

// Progress is one settled reading of how many pieces a peer has. It is
// written when the reading first settles, at once when it crosses the
// threshold or becomes complete, and every sample interval in which it
// changed. A conversation that told nothing writes none.
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
	// Whether the peer looks like a seed that hides its pieces (BEP 16).
	SuperSeed bool `json:"super_seed,omitempty"`
	// All pieces as a base64 bitfield, only with --bitfield.
	BitfieldB64 string `json:"bitfield_b64,omitempty"`
}

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
	// "plain" or "rc4" (MSE).
	Crypto string `json:"crypto,omitempty"`
	// How it ended, from the closed list of outcomes.
	Outcome string `json:"outcome"`
	// How far it got: "dial", "handshake", "open" or "settled".
	Stage string `json:"stage"`
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

// Download is one confirmed download: a settled reading below the threshold,
// later one at or above it, by the same identity. Written once per download.
type Download struct {
	Header
	// Torrent downloaded.
	InfoHash string `json:"infohash"`
	// Address of the peer.
	IP netip.Addr `json:"ip"`
	// Port of the identity: dialled, or where the peer says that it listens.
	Port uint16 `json:"port,omitempty"`
	// Client and version.
	Client string `json:"client,omitempty"`
	// Who opened the connection of the reading that confirmed: "out", "in"
	// or "pcap".
	Direction string `json:"direction,omitempty"`
	// What the identity rests on: "address" (dialled address and port),
	// "listen-port" (address and named port) or "peer-id".
	Identity string `json:"identity"`
	// Time of the first settled reading.
	FirstTS time.Time `json:"first_ts"`
	// Pieces at that time.
	FirstHave int64 `json:"first_have"`
	// Time of the last settled reading below the threshold before the crossing.
	BelowTS time.Time `json:"below_ts"`
	// Pieces at that time.
	BelowHave int64 `json:"below_have"`
	// Time of the first settled reading at or above the threshold.
	AboveTS time.Time `json:"above_ts"`
	// Pieces at that time.
	AboveHave int64 `json:"above_have"`
	// Pieces at the completion threshold.
	Need int64 `json:"need"`
	// Pieces of the torrent.
	Pieces int64 `json:"pieces"`
	// Highest rate between two readings at least 30 s apart, bytes per second.
	RateBPS float64 `json:"rate_bps,omitempty"`
	// Settled readings of this peer so far.
	Readings int64 `json:"readings"`
	// Conversations that gave them.
	Visits int64 `json:"visits"`
}

// Regression says that a peer has fewer pieces than it had before. It is
// flagged, never counted as negative progress, and undoes no confirmation.
type Regression struct {
	Header
	// Torrent read.
	InfoHash string `json:"infohash"`
	// Address of the peer.
	IP netip.Addr `json:"ip"`
	// Port of the identity.
	Port uint16 `json:"port,omitempty"`
	// Pieces before.
	FromHave int64 `json:"from_have"`
	// Pieces now.
	ToHave int64 `json:"to_have"`
	// Whether it fell from at or above the threshold to below it.
	Below bool `json:"below"`
	// Whether it was taken for another client behind the same address: peer
	// id and client changed and progress fell by more than 5 %.
	Split bool `json:"split,omitempty"`
}

// Tally counts the peers of one torrent by class, written by bt-confirm at
// every statistics interval and at the end. The classes exclude each other.
type Tally struct {
	Header
	// Torrent counted.
	InfoHash string `json:"infohash"`
	// Identities with at least one settled reading.
	Peers int64 `json:"peers"`
	// Confirmed downloads, by address and port: the lower bound of downloads.
	Confirmed int64 `json:"confirmed"`
	// Confirmed downloads, distinct addresses only.
	ConfirmedAddrs int64 `json:"confirmed_addrs"`
	// Peers that were at or above the threshold when first read: they finished
	// before they could be observed.
	FirstComplete int64 `json:"first_complete"`
	// Peers below the threshold that want no more pieces (BEP 21).
	PartialSeeds int64 `json:"partial_seeds"`
	// Peers that look like seeds hiding their pieces (BEP 16).
	SuperSeeds int64 `json:"super_seeds"`
	// Peers last read below the threshold: right-censored.
	Censored int64 `json:"censored"`
	// Falls in the number of pieces.
	Regressions int64 `json:"regressions"`
	// Pieces at the completion threshold.
	Need int64 `json:"need,omitempty"`
}

// Stat tells how a long-running command is doing.
type Stat struct {
	Header
	// Peers or torrents known.
	Known *int64 `json:"known,omitempty"`
	// Waiting for their turn.
	Queue *int64 `json:"queue,omitempty"`
	// Conversations or requests under way.
	InFlight *int64 `json:"in_flight,omitempty"`
	// Conversations among them that have settled and are held.
	Held *int64 `json:"held,omitempty"`
	// Most that may be under way at once.
	Limit *int64 `json:"limit,omitempty"`
	// Seconds that a round through all waiting peers takes at present.
	RoundS *float64 `json:"round_s,omitempty"`
	// Successes since the start.
	OK *int64 `json:"ok,omitempty"`
	// Ends by outcome since the start.
	Outcomes map[string]int64 `json:"outcomes,omitempty"`
	// Share of the limit in use since the last such record, 0 to 1.
	Workload *float64 `json:"workload,omitempty"`
	// Load average of the last minute.
	LoadAverage *float64 `json:"load_average,omitempty"`
	// Resident memory in bytes.
	RSSBytes int64 `json:"rss_bytes,omitempty"`
	// Open file descriptors.
	OpenFiles int64 `json:"open_files,omitempty"`
}

// End is the last record of every command.
type End struct {
	Header
	// Lines read.
	Seen int64 `json:"seen"`
	// Records written, this one left out.
	Wrote int64 `json:"wrote"`
	// Lines rejected as malformed.
	Rejected int64 `json:"rejected"`
	// Records that could not be used for want of room.
	Dropped int64 `json:"dropped"`
	// Why it ended: "eof", "done", "time", "signal" or "error".
	Why string `json:"why"`
}

// Truth is what a lab swarm knows about one of its peers, written by bt-lab.
type Truth struct {
	Header
	// Torrent of the peer.
	InfoHash string `json:"infohash"`
	// Address of the peer.
	IP netip.Addr `json:"ip"`
	// Port where it listens, or would if it could be reached.
	Port uint16 `json:"port"`
	// Peer id, 20 bytes.
	PeerID string `json:"peer_id"`
	// "seed", "leecher", "partial-seed" or "super-seed".
	Role string `json:"role"`
	// Whether it takes connections.
	Reachable bool `json:"reachable"`
	// Whether it opens connections itself.
	DialsOut bool `json:"dials_out"`
	// Whether it ever exchanged a handshake with the toolkit.
	Met bool `json:"met"`
	// When it joined the swarm.
	ArrivedTS time.Time `json:"arrived_ts"`
	// When it left the swarm; absent if it stayed to the end.
	LeftTS time.Time `json:"left_ts,omitempty"`
	// When it crossed the threshold; absent if it never did or began above it.
	CrossedTS time.Time `json:"crossed_ts,omitempty"`
	// When it became complete; absent if it never did or began complete.
	CompletedTS time.Time `json:"completed_ts,omitempty"`
	// Pieces when it joined.
	FirstHave int64 `json:"first_have"`
	// Pieces at the end.
	LastHave int64 `json:"last_have"`
	// Pieces of the torrent.
	Pieces int64 `json:"pieces"`
	// Pieces at the completion threshold.
	Need int64 `json:"need"`
}
