package tracker

import (
	"encoding/binary"
	"errors"
	"time"

	"btkit/pkg/outcome"
)

// Actions of BEP 15.
const (
	actionConnect  = 0
	actionAnnounce = 1
	actionScrape   = 2
	actionError    = 3
)

// Lengths of BEP 15.
const (
	protocolID   = 0x0000041727101980
	connectLen   = 16
	announceHead = 20
	scrapeHead   = 8
	scrapeEach   = 12
	minPacket    = 8
)

// Connection ids may be used for a minute after they were received.
const connectionLife = time.Minute

// RetransmitWait is how long to wait for an answer to the n-th transmission,
// from 0: base, then twice as long each time (BEP 15, where base is 15 s).
func RetransmitWait(base time.Duration, n int) time.Duration { return base << n }

// ScrapeCapacity is the number of hashes that fit into a UDP scrape request of
// so many bytes.
func ScrapeCapacity(payload int) int { return max(0, (payload-16)/20) }

// ConnectRequest asks for a connection id (BEP 15).
func ConnectRequest(tid uint32) []byte {
	b := binary.BigEndian.AppendUint64(nil, protocolID)
	b = binary.BigEndian.AppendUint32(b, actionConnect)
	return binary.BigEndian.AppendUint32(b, tid)
}

func requestHead(connection uint64, action, tid uint32) []byte {
	b := binary.BigEndian.AppendUint64(nil, connection)
	b = binary.BigEndian.AppendUint32(b, action)
	return binary.BigEndian.AppendUint32(b, tid)
}

// AnnounceRequest is an announce (BEP 15) with the path and query of the
// tracker's URL as BEP 41 options, unless these are the usual "/announce".
func AnnounceRequest(connection uint64, tid uint32, r Request) []byte {
	b := requestHead(connection, actionAnnounce, tid)
	b = append(b, r.InfoHash[:]...)
	b = append(b, r.PeerID[:]...)
	b = binary.BigEndian.AppendUint64(b, uint64(r.Downloaded))
	b = binary.BigEndian.AppendUint64(b, uint64(r.Left))
	b = binary.BigEndian.AppendUint64(b, uint64(r.Uploaded))
	b = binary.BigEndian.AppendUint32(b, uint32(r.Event))
	b = binary.BigEndian.AppendUint32(b, 0) // our address: the sender's
	b = binary.BigEndian.AppendUint32(b, r.Key)
	b = binary.BigEndian.AppendUint32(b, uint32(int32(max(-1, r.NumWant))))
	b = binary.BigEndian.AppendUint16(b, r.Port)
	u, err := parseURL(r.URL)
	if err != nil || u.rest == "" || u.rest == "/" || u.rest == "/announce" {
		return b
	}
	return append(b, URLData(u.rest)...)
}

// URLData is path and query of a tracker URL as options of an announce
// (BEP 41). The empty text says: supported, nothing to tell.
func URLData(pathQuery string) []byte {
	const urlData, most = 2, 255
	b := []byte{urlData, byte(min(len(pathQuery), most))}
	b = append(b, pathQuery[:min(len(pathQuery), most)]...)
	if len(pathQuery) <= most {
		return b
	}
	return append(b, URLData(pathQuery[most:])...)
}

// UDPScrapeRequest asks for at most UDPBatch torrents (BEP 15).
func UDPScrapeRequest(connection uint64, tid uint32, hashes []Hash) []byte {
	b := requestHead(connection, actionScrape, tid)
	for _, h := range hashes {
		b = append(b, h[:]...)
	}
	return b
}

// TransactionID is what an answer and its question have in common; false if
// the packet is too short to be an answer.
func TransactionID(packet []byte) (tid uint32, ok bool) {
	if len(packet) < minPacket {
		return 0, false
	}
	return binary.BigEndian.Uint32(packet[4:]), true
}

var (
	errShort  = outcome.Fail(outcome.Malformed, errors.New("packet is too short"))
	errAction = outcome.Fail(outcome.Malformed, errors.New("answer to another question"))
)

// TrackerError is the text of an error packet (BEP 15), as the tracker wrote it.
type TrackerError struct{ Text string }

func (e *TrackerError) Error() string { return "tracker said no" }

// body checks action and length of an answer and gives what follows its head.
func body(packet []byte, action uint32, head int) ([]byte, error) {
	if len(packet) < minPacket {
		return nil, errShort
	}
	switch {
	case isError(packet):
		text := cut(string(packet[minPacket:]))
		return nil, outcome.Fail(outcome.Failure, &TrackerError{text})
	case binary.BigEndian.Uint32(packet) != action:
		return nil, errAction
	case len(packet) < head:
		return nil, errShort
	}
	return packet[minPacket:], nil
}

// isError says that the packet is long enough and an error.
func isError(packet []byte) bool {
	return len(packet) >= minPacket && binary.BigEndian.Uint32(packet) == actionError
}

// ParseConnect reads the connection id out of the answer to a connect.
func ParseConnect(packet []byte) (connection uint64, err error) {
	b, err := body(packet, actionConnect, connectLen)
	if err != nil {
		return 0, err
	}
	return binary.BigEndian.Uint64(b), nil
}

// ParseUDPAnnounce reads the answer to an announce that travelled over the
// given family, which alone says how long an address is. Keep decides which
// addresses are used; nil keeps all.
func ParseUDPAnnounce(packet []byte, family Family, keep Keep) Reply {
	var r Reply
	r.RxBytes = int64(len(packet))
	b, err := body(packet, actionAnnounce, announceHead)
	if err != nil {
		r.failPacket(err)
		return r
	}
	r.Outcome = outcome.OK
	r.setInterval(int64(binary.BigEndian.Uint32(b)), true)
	r.Leechers = unsigned(b[4:])
	r.Seeders = unsigned(b[8:])
	r.addCompact(b[announceHead-minPacket:], addressBytes(family), keep)
	return r
}

// ParseUDPScrape reads the answer to a scrape of the given torrents. The order
// is the only thing that ties counts to torrents; records that are missing at
// the end leave their torrents unknown.
func ParseUDPScrape(packet []byte, asked []Hash) Replies {
	r := Replies{Files: map[Hash]Counts{}}
	r.RxBytes = int64(len(packet))
	b, err := body(packet, actionScrape, scrapeHead)
	if err != nil {
		r.failPacket(err)
		return r
	}
	r.Outcome = outcome.OK
	for _, hash := range asked {
		if len(b) < scrapeEach {
			r.odd("scrape-short")
			break
		}
		r.Files[hash] = Counts{Seeders: unsigned(b), Completed: unsigned(b[4:]), Leechers: unsigned(b[8:])}
		b = b[scrapeEach:]
	}
	return r
}

// failPacket makes the result of an answer that is an error or none at all.
func (r *Result) failPacket(err error) {
	r.fail(err)
	var said *TrackerError
	if errors.As(err, &said) {
		r.Failure, r.Err = said.Text, nil
	}
}

func unsigned(b []byte) *int64 {
	n := int64(binary.BigEndian.Uint32(b))
	return &n
}

func addressBytes(f Family) int {
	if f == IPv6 {
		return 16
	}
	return 4
}
