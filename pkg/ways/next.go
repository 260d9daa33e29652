package ways

import "time"

// EncryptionPause is how long after a refusal the other side of encryption is
// tried: the least pause between two connections that all known programs take,
// twice.
const EncryptionPause = 10 * time.Second

// everyThird: a peer that refuses what worked before is most likely full, so
// only every third refusal in a row is a reason to try something else.
const everyThird = 3

// all says whether the round under way tries all there is: while nothing has
// worked, the first and every third.
func (m *Memory) all() bool { return m.Worked() == None && m.rounds%everyThird == 1 }

// Next is the attempt to make after those so far.
//
//   - Plain TCP comes first, unless the peer is said to prefer encryption.
//   - What worked last is tried first at the next visit, in whichever direction it
//     worked; what led to a connection comes before what did not.
//   - A connection that the peer ended or left without a handshake: once more in
//     the same round with the other side of encryption, EncryptionPause later.
//     Refused too, the next round begins with the one before.
//   - No connection: at once over the other transport.
//   - Neither that nor the other side of encryption: both, in the first round with a
//     peer and in every third. libtorrent without TCP still takes TCP connections,
//     to close them without a word.
func (m *Memory) Next(h Hints) Try {
	if t, ok := m.second(h); ok {
		return t
	}
	return Try{Way: m.first(h)}
}

// second is the extra attempt of the round under way, if it is worth one.
func (m *Memory) second(h Hints) (Try, bool) {
	switch {
	case m.extra == no && m.how == unreached:
		return m.cross(h, m.secret(h), 0)
	case m.extra == no && m.how == refused && (m.last != m.worked || m.spurned%everyThird == 0):
		if t, ok := m.flip(h); ok || !m.all() {
			return t, ok
		}
		return m.cross(h, m.last.Encrypted(), EncryptionPause)
	case m.extra == flipped && m.how == refused && m.all():
		// Over uTP all who take it plain take it encrypted, by what was measured.
		t, ok := m.cross(h, true, thirdPause)
		t.why = third
		return t, ok
	case m.extra == crossed && m.how == refused && m.all():
		t, ok := m.flip(h)
		t.why = third
		return t, ok
	}
	return Try{}, false
}

// thirdPause is how long after a second connection comes a third: programs that
// count take two in a minute. Where there is one round only, the schedule does not
// wait for it.
const thirdPause = time.Minute - EncryptionPause

// flip tries the other side of encryption.
func (m *Memory) flip(h Hints) (Try, bool) {
	w := m.last.flipped()
	return Try{Way: w, Extra: true, Wait: EncryptionPause, why: flipped}, !h.Without.Has(w)
}

// cross tries the other transport, encrypted if that can be had.
func (m *Memory) cross(h Hints, encrypted bool, wait time.Duration) (Try, bool) {
	w := Over(other(m.last.Transport()), encrypted)
	if h.Without.Has(w) {
		w = w.flipped()
	}
	return Try{Way: w, Extra: true, Wait: wait, why: crossed}, !h.Without.Has(w)
}

// first is the way in which a round begins.
func (m *Memory) first(h Hints) Way {
	w := m.encryption(m.transport(), h)
	if m.Worked() == None && m.how == refused && m.last.Transport() == w.Transport() {
		w = m.last.flipped()
	}
	for _, w := range []Way{w, w.flipped(), w.on(other(w.Transport())), w.flipped().on(other(w.Transport()))} {
		if !h.Without.Has(w) {
			return w
		}
	}
	return None
}

func (m *Memory) transport() string {
	for _, w := range []Way{m.worked, m.came, m.reached} {
		if w != None {
			return w.Transport()
		}
	}
	return TCP.Transport()
}

// encryption is the way over a transport that goes by what worked, or by what
// is said of the peer.
func (m *Memory) encryption(transport string, h Hints) Way {
	return Over(transport, m.secret(h))
}

// secret says whether to begin encrypted.
func (m *Memory) secret(h Hints) bool {
	if w := m.Worked(); w != None {
		return w.Encrypted()
	}
	return h.Encryption
}

func other(transport string) string {
	if transport == TCP.Transport() {
		return UTP.Transport()
	}
	return TCP.Transport()
}
