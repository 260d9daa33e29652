package confirm

import (
	"math"
	"time"

	"btkit/pkg/record"
)

// minBaseline is the least distance of two readings that give a rate, in
// microseconds; nearer ones give absurd speeds.
const minBaseline = int64(30 * time.Second / time.Microsecond)

// chunk is how many peers are allocated together, so that growing copies none.
const chunk = 1024

// hashDigits is the length of an info-hash in hex.
const hashDigits = 40

// Options for a Fold; the zero value takes the threshold of the records.
type Options struct {
	// Percent of the pieces that count as complete, 1 to 100; 0 takes the
	// threshold that each reading carries.
	Percent int64
}

// Fold turns readings into confirmed downloads. It is not safe for concurrent
// use.
type Fold struct {
	options  Options
	torrents []*torrent
	byHash   map[string]uint32
	peers    [][]peer
	count    uint32

	confirmed int64
	byKey     map[key]uint32
	byID      map[uint64]uint32 // by peer id, to merge two addresses of one client
	twins     map[string]string // second info-hash of a hybrid torrent to its first
}

type torrent struct {
	infohash   string
	need       int64 // of the latest reading
	said       int64 // by the torrent record, 0 if it said nothing
	lastPiece  int64 // length of the last piece in bytes, 0 if unknown
	counts     [classes]int64
	selected   int64            // partial seeds that were seen to finish their selection
	addrs      map[key]struct{} // digests of the addresses of confirmed downloads
	regression int64
}

// NewFold makes an empty Fold.
func NewFold(o Options) *Fold {
	return &Fold{options: o, byHash: map[string]uint32{}, byKey: map[key]uint32{}, byID: map[uint64]uint32{}, twins: map[string]string{}}
}

// Confirmed is the number of confirmed downloads so far.
func (f *Fold) Confirmed() int64 { return f.confirmed }

// Peers is the number of identities.
func (f *Fold) Peers() int { return int(f.count) }

// Torrent takes in what a torrent record says of the content's length, of the
// threshold, and of the two swarms of a hybrid torrent.
func (f *Fold) Torrent(r *record.Torrent) {
	if len(r.InfoHash) != hashDigits || r.Pieces <= 0 {
		return
	}
	f.pair(r)
	t := f.torrent(f.first(r.InfoHash))
	if r.Need > 0 && r.Need <= r.Pieces {
		t.said = r.Need
	}
	if r.PieceBytes > 0 && r.Bytes > 0 {
		t.lastPiece = r.Bytes - (r.Pieces-1)*r.PieceBytes
	}
}

// pair notes the two swarms of a hybrid torrent (BEP 52). Both count as its
// first one; but if the second one was counted before the first was known, as
// that one.
func (f *Fold) pair(r *record.Torrent) {
	if len(r.InfoHashV2) <= hashDigits || r.InfoHashV2[:hashDigits] == r.InfoHash {
		return
	}
	first, second := r.InfoHash, r.InfoHashV2[:hashDigits]
	_, counted := f.byHash[first]
	if _, earlier := f.byHash[second]; earlier && !counted {
		first, second = second, first
	}
	if f.first(second) == second && f.first(first) == first {
		f.twins[second] = first
	}
}

// first is the info-hash under which a torrent is counted.
func (f *Fold) first(infohash string) string {
	if first, ok := f.twins[infohash]; ok {
		return first
	}
	return infohash
}

// Reading takes in one reading and returns what follows from it: nothing, a
// download, or a regression. Readings that had not settled and such that are
// older than the latest of their peer teach nothing.
func (f *Fold) Reading(p *record.Progress) []record.Record {
	if first := f.first(p.InfoHash); first != p.InfoHash {
		twin := *p
		twin.InfoHash = first
		p = &twin
	}
	need := f.need(p)
	if !p.Settled || need <= 0 || p.Have < 0 || p.Have > p.Pieces || p.Pieces > math.MaxUint32 || len(p.InfoHash) != hashDigits {
		return nil
	}
	at := p.TS.UnixMicro()
	t := f.torrent(p.InfoHash)
	t.need = need
	var out []record.Record
	known, k, how := f.find(p)
	if known != nil && at < known.last {
		return nil
	}
	if known != nil && f.another(known, p) {
		out = append(out, f.regression(known, p, need, true))
		known = nil
	}
	if known == nil {
		f.begin(k, p, at, need)
		return out
	}
	return append(out, f.later(known, p, at, need, how)...)
}

// need is the threshold: as asked for, else as the reading says, else as the
// torrent record says, else 98 %.
func (f *Fold) need(p *record.Progress) int64 {
	percent := f.options.Percent
	if percent == 0 {
		if p.Need > 0 {
			return p.Need
		}
		if i, ok := f.byHash[p.InfoHash]; ok && f.torrents[i].said > 0 {
			return f.torrents[i].said
		}
		percent = usualPercent
	}
	return (p.Pieces*percent + 99) / 100
}

// usualPercent of the pieces count as complete when nobody says otherwise.
const usualPercent = 98

func (f *Fold) torrent(infohash string) *torrent { return f.torrents[f.torrentIndex(infohash)] }

func (f *Fold) torrentIndex(infohash string) uint32 {
	i, ok := f.byHash[infohash]
	if !ok {
		i = uint32(len(f.torrents))
		f.byHash[infohash] = i
		f.torrents = append(f.torrents, &torrent{infohash: infohash, addrs: map[key]struct{}{}})
	}
	return i
}

// find looks for the identity, first by its key, then by its peer id at
// another address.
func (f *Fold) find(p *record.Progress) (*peer, key, string) {
	k, how := identify(p)
	if i, ok := f.byKey[k]; ok {
		return f.at(i), k, how
	}
	if m, ok := mergeKey(p); ok {
		if i, ok := f.byID[m]; ok {
			f.byKey[k] = i
			return f.at(i), k, byPeerID
		}
	}
	return nil, k, how
}

func (f *Fold) at(i uint32) *peer { return &f.peers[i/chunk][i%chunk] }

// another says whether a new client has taken the place of the one we knew:
// its family differs, or its peer id does and progress fell by more than 5 %.
func (f *Fold) another(known *peer, p *record.Progress) bool {
	m := markOf(p)
	if known.mark.differs(m) {
		return true
	}
	return known.mark.changed(m) && int64(known.lastHave)-p.Have > p.Pieces/20
}

// begin opens an identity with its first reading.
func (f *Fold) begin(k key, p *record.Progress, at, need int64) {
	i := f.count
	f.count++
	if i%chunk == 0 {
		f.peers = append(f.peers, make([]peer, chunk))
	}
	f.byKey[k] = i
	if m, ok := mergeKey(p); ok {
		f.byID[m] = i
	}
	have := uint32(p.Have)
	*f.at(i) = peer{first: at, last: at, base: at, firstHave: have, lastHave: have, baseHave: have,
		torrent: f.torrentIndex(p.InfoHash), readings: 1, visits: 1, session: shortSession(p), mark: markOf(p)}
	f.at(i).stand(p, at, need, true)
	if p.Have >= need {
		f.at(i).class = firstComplete
	}
	f.torrents[f.at(i).torrent].enter(f.at(i))
}

// later takes in a further reading of a known identity.
func (f *Fold) later(known *peer, p *record.Progress, at, need int64, how string) (out []record.Record) {
	t := f.torrents[known.torrent]
	if p.Have < int64(known.lastHave) {
		out = append(out, f.regression(known, p, need, false))
	}
	known.rateTo(p, at, t.lastPiece)
	if known.readings < 1<<16-1 {
		known.readings++
	}
	s := shortSession(p)
	fresh := s != known.session
	if fresh && known.visits < 1<<16-1 {
		known.visits++
	}
	known.session = s
	t.leave(known)
	crossed := known.stand(p, at, need, fresh)
	known.last, known.lastHave, known.mark = at, uint32(p.Have), known.mark.or(markOf(p))
	if crossed {
		known.class = confirmed
		f.confirmed++
		t.addrs[addressKey(p)] = struct{}{}
		out = append(out, known.download(p, need, how))
	}
	t.enter(known)
	return out
}

// enter counts a peer by its class, leave takes it out again.
func (t *torrent) enter(x *peer) { t.add(x, 1) }
func (t *torrent) leave(x *peer) { t.add(x, -1) }

func (t *torrent) add(x *peer, n int64) {
	t.counts[x.class] += n
	if x.finished() {
		t.selected += n
	}
}

func (m peerMark) or(newer peerMark) peerMark {
	if newer.id != 0 {
		m.id = newer.id
	}
	if newer.family != 0 {
		m.family = newer.family
	}
	return m
}

// rateTo updates the highest rate. Falling progress is no rate; it only moves
// the base. A shorter last piece is taken into account when the peer has all.
func (x *peer) rateTo(p *record.Progress, at, lastPiece int64) {
	switch {
	case p.Have < int64(x.baseHave):
		x.base, x.baseHave = at, uint32(p.Have)
		return
	case at-x.base < minBaseline:
		return
	}
	bytes := (p.Have - int64(x.baseHave)) * p.PieceBytes
	if bytes > 0 && p.Have == p.Pieces && lastPiece > 0 && lastPiece < p.PieceBytes {
		bytes -= p.PieceBytes - lastPiece
	}
	x.rate = max(x.rate, float32(float64(bytes)*1e6/float64(at-x.base)))
	x.base, x.baseHave = at, uint32(p.Have)
}

// paceApart is the least distance of two readings that give a pace, in
// microseconds.
const paceApart = int64(2 * time.Second / time.Microsecond)

// paceTo updates the pace at which the peer comes nearer to the threshold.
func (x *peer) paceTo(p *record.Progress, at int64) {
	if x.below == 0 || at-x.below < paceApart || p.Have < int64(x.belowHave) {
		return
	}
	x.pace = float32(float64(p.Have-int64(x.belowHave)) * 1e6 / float64(at-x.below))
}

// crossing estimates when a peer crossed between its last reading below the
// threshold and the one at or above it: as it would have at its latest pace; if
// none is known, in proportion to the pieces, of which those beyond the threshold
// say nothing when the peer is complete.
func (x *peer) crossing(p *record.Progress, at, need int64) int64 {
	span := float64(at - x.below)
	missing := max(0, float64(need-int64(x.belowHave))) // the threshold may have changed
	gained := float64(p.Have - int64(x.belowHave))
	switch {
	case x.pace > 0:
		return x.below + int64(min(span, missing*1e6/float64(x.pace)))
	case p.Complete, gained < missing, gained <= 0:
		return x.below + int64(span/2)
	}
	return x.below + int64(span*missing/gained)
}

func (x *peer) download(p *record.Progress, need int64, how string) *record.Download {
	d := &record.Download{
		InfoHash: p.InfoHash, IP: p.IP, Port: identityPort(p), Client: p.Client, Direction: p.Direction, Identity: how,
		FirstTS: micro(x.first), FirstHave: int64(x.firstHave),
		BelowTS: micro(x.below), BelowHave: int64(x.belowHave),
		AboveTS: p.TS, AboveHave: p.Have, CrossedTS: micro(x.crossing(p, p.TS.UnixMicro(), need)), Need: need, Pieces: p.Pieces,
		RateBPS: float64(x.rate), Readings: int64(x.readings), Visits: int64(x.visits),
	}
	d.TS = p.TS
	return d
}

func (f *Fold) regression(known *peer, p *record.Progress, need int64, split bool) *record.Regression {
	f.torrents[known.torrent].regression++
	r := &record.Regression{InfoHash: p.InfoHash, IP: p.IP, Port: identityPort(p), FromHave: int64(known.lastHave), ToHave: p.Have,
		Below: int64(known.lastHave) >= need && p.Have < need, Split: split}
	r.TS = p.TS
	return r
}

// Tallies counts the peers of every torrent by class.
func (f *Fold) Tallies() []*record.Tally {
	var all []*record.Tally
	for _, t := range f.torrents {
		c := t.counts
		tally := &record.Tally{InfoHash: t.infohash, Confirmed: c[confirmed], ConfirmedAddrs: int64(len(t.addrs)),
			FirstComplete: c[firstComplete], PartialSeeds: c[partialSeed], PartialFinished: t.selected, SuperSeeds: c[superSeed],
			Censored: c[censored], Regressions: t.regression, Need: t.need}
		for _, n := range c {
			tally.Peers += n
		}
		all = append(all, tally)
	}
	return all
}

// shortSession tells conversations of one peer apart; runs differ in theirs.
func shortSession(p *record.Progress) uint32 {
	var run uint32
	for i := range len(p.Run) {
		run = run*31 + uint32(p.Run[i])
	}
	return run ^ uint32(p.Session)*2654435761
}

func micro(us int64) time.Time { return time.UnixMicro(us).UTC() }
