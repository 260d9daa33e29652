package mse

import (
	"errors"
	"io"
	"sync"
	"time"

	"btkit/pkg/outcome"
)

const (
	sharedFor = time.Second // how long one key pair serves all who call
	sharedBy  = 1024        // how many at most, so that the memory of replays is bounded
)

var errBusy = outcome.Fail(outcome.Limit, errors.New("too many key exchanges at once"))

// sharedKey is the key pair of all connections that come within a second. The
// secrets differ all the same, since the other sides' keys do.
type sharedKey struct {
	*keyPair
	born time.Time
	uses int // guarded by the exchanger

	mu   sync.Mutex
	seen map[[20]byte]struct{} // masked hashes of the torrent of good handshakes
}

// first remembers a handshake. The masked hash depends on both keys, so it
// comes again only if somebody repeats another's bytes.
func (k *sharedKey) first(masked [20]byte) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	if _, again := k.seen[masked]; again {
		return false
	}
	if k.seen == nil {
		k.seen = map[[20]byte]struct{}{}
	}
	k.seen[masked] = struct{}{}
	return true
}

func (k *sharedKey) fresh(now time.Time) bool {
	age := now.Sub(k.born)
	return age >= 0 && age < sharedFor && k.uses < sharedBy
}

// exchanger computes key exchanges, few at once.
type exchanger struct {
	random io.Reader
	now    func() time.Time
	slots  chan struct{} // holds one for each that computes, so its size is the limit

	mu   sync.Mutex
	pair *sharedKey
}

// exchange waits for its turn until the deadline. rTorrent gets a secret with a
// leading zero wrong, so then this connection has a key of its own.
func (e *exchanger) exchange(other *[keyLen]byte, deadline time.Time) (agreement, error) {
	if err := e.enter(deadline); err != nil {
		return agreement{}, err
	}
	defer func() { <-e.slots }()
	pair, err := e.shared()
	if err != nil {
		return agreement{}, err
	}
	a, err := pair.agree(other)
	for range draws {
		if err != nil || a.secret[0] != 0 {
			break
		}
		if pair, err = e.draw(); err == nil {
			a, err = pair.agree(other)
		}
	}
	return a, err
}

// enter takes a slot.
func (e *exchanger) enter(deadline time.Time) error {
	select {
	case e.slots <- struct{}{}:
		return nil
	default:
	}
	timer := time.NewTimer(deadline.Sub(e.now()))
	defer timer.Stop()
	select {
	case e.slots <- struct{}{}:
		return nil
	case <-timer.C:
		return errBusy
	}
}

// shared gives the key pair of this second.
func (e *exchanger) shared() (*sharedKey, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.pair == nil || !e.pair.fresh(e.now()) {
		pair, err := e.draw()
		if err != nil {
			return nil, err
		}
		e.pair = pair
	}
	e.pair.uses++
	return e.pair, nil
}

func (e *exchanger) draw() (*sharedKey, error) {
	pair, err := drawKeyPair(e.random)
	return &sharedKey{keyPair: pair, born: e.now()}, err
}

func (k *sharedKey) agree(other *[keyLen]byte) (agreement, error) {
	s, err := k.secret(other)
	return agreement{public: k.public, secret: s, first: k.first}, err
}
