package refusal

// Reason is one word of the closed list of reasons, as in visit records.
type Reason string

// The list.
const (
	Full           Reason = "full"             // has no slot for us, or keeps them for others
	Encryption     Reason = "encryption"       // takes only the other of plain and encrypted connections
	Transport      Reason = "transport"        // takes only the other of TCP and uTP, though it seems to take both
	Duplicate      Reason = "duplicate"        // has another conversation with our address
	Paused         Reason = "paused"           // has the torrent, but paused, queued or checks it
	NotThisTorrent Reason = "not-this-torrent" // does not have the torrent
	Gone           Reason = "gone"             // was about to leave
)

// Reasons lists every reason, in the order of this file.
var Reasons = []Reason{Full, Encryption, Transport, Duplicate, Paused, NotThisTorrent, Gone}

// Verdict says why a peer refused. The zero value means that it has not.
type Verdict struct {
	Reason Reason
	// Sure is how sure the reason is, 0 to 1.
	Sure float64
	// Session of the visit that was refused.
	Session uint64
}
