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
	took, refused [2]event // of two torrents each, the newer first
}

type event struct {
	torrent uint64
	at      int64 // Unix milliseconds, 0 for none
}

// Note takes in that the address took or refused a conversation about a torrent,
// under any number that stands for it. While one is held, note it again at times,
// such as when it ends.
func (a *Address) Note(torrent uint64, at time.Time, what Elsewhere) {
	switch what {
	case Took:
		note(&a.took, event{torrent, at.UnixMilli()})
	case Refused:
		note(&a.refused, event{torrent, at.UnixMilli()})
	}
}

func note(latest *[2]event, e event) {
	if latest[0].torrent != e.torrent {
		latest[1] = latest[0]
	}
	latest[0] = e
}

// Elsewhere is what it did about another torrent than this one around that time;
// having taken one says more than having refused another.
func (a *Address) Elsewhere(torrent uint64, at time.Time) Elsewhere {
	switch {
	case other(a.took, torrent, at):
		return Took
	case other(a.refused, torrent, at):
		return Refused
	}
	return Unknown
}

// other says whether one of the events is about another torrent and of that
// time.
func other(latest [2]event, torrent uint64, at time.Time) bool {
	for _, e := range latest {
		if e.at != 0 && e.torrent != torrent && at.Sub(time.UnixMilli(e.at)).Abs() <= around {
			return true
		}
	}
	return false
}
