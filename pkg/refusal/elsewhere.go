package refusal

import "time"

// Elsewhere is what an address did about another torrent at about the time of a
// refusal.
type Elsewhere uint8

// What it may have done.
const (
	Unknown Elsewhere = iota
	Took              // a conversation was open or was begun
	Refused           // it refused one
)

// around is how far apart two events may lie to be of one time.
const around = 2 * time.Minute

// Address remembers what one address did lately about the torrents that we
// visit there. It serves addresses of more than one torrent.
type Address struct {
	latest [2]event // of two torrents, the newer first
}

type event struct {
	torrent uint64
	at      int64 // Unix milliseconds
	what    Elsewhere
}

// Note takes in that the address took or refused a conversation about a torrent,
// under any number that stands for it. While one is held, note it again at times,
// such as when it ends.
func (a *Address) Note(torrent uint64, at time.Time, what Elsewhere) {
	if a.latest[0].torrent != torrent || a.latest[0].what == Unknown {
		a.latest[1] = a.latest[0]
	}
	a.latest[0] = event{torrent, at.UnixMilli(), what}
}

// Elsewhere is what it did about another torrent than this one around that time.
func (a *Address) Elsewhere(torrent uint64, at time.Time) Elsewhere {
	for _, e := range a.latest {
		apart := at.Sub(time.UnixMilli(e.at)).Abs()
		if e.what != Unknown && e.torrent != torrent && apart <= around {
			return e.what
		}
	}
	return Unknown
}
