package mse

import (
	"bytes"
	"crypto/rand"
	"errors"
	"io"
	"testing"
	"time"

	"btkit/pkg/outcome"
)

// clock is set by hand.
type clock struct{ time.Time }

func (c *clock) now() time.Time { return c.Time }

func testExchanger(slots int) (*exchanger, *clock) {
	c := &clock{time.Unix(1000, 0)}
	return &exchanger{random: rand.Reader, now: c.now, slots: make(chan struct{}, slots)}, c
}

func TestKeyIsSharedForASecond(t *testing.T) {
	e, c := testExchanger(1)
	ask := func() [keyLen]byte {
		a, err := e.exchange(&pairA.public, c.Add(time.Hour))
		if err != nil {
			t.Fatal(err)
		}
		return a.public
	}
	first := ask()
	for _, step := range []struct {
		name string
		wait time.Duration
		same bool
	}{
		{"at once", 0, true},
		{"after 999 ms", 999 * time.Millisecond, true},
		{"after a second", time.Millisecond, false},
		{"when the clock went back", -time.Minute, false},
	} {
		c.Time = c.Add(step.wait)
		next := ask()
		// A secret with a leading zero has a key of its own, one time in 256.
		for i := 0; i < 4 && (next == first) != step.same; i++ {
			next = ask()
		}
		if (next == first) != step.same {
			t.Errorf("%s: got the same key %v, want %v", step.name, next == first, step.same)
		}
		first = next
	}
}

func TestKeyIsSharedByFew(t *testing.T) {
	e, _ := testExchanger(1)
	first, err := e.shared()
	if err != nil {
		t.Fatal(err)
	}
	for i := 2; i <= sharedBy; i++ {
		if k, _ := e.shared(); k != first {
			t.Fatalf("use %d: got another key, want one for %d", i, sharedBy)
		}
	}
	if k, _ := e.shared(); k == first {
		t.Errorf("use %d: got the same key, want another", sharedBy+1)
	}
}

// hunt finds a caller whose secret with a pair begins with a zero byte.
func hunt(t *testing.T, pair *keyPair) *keyPair {
	t.Helper()
	for i := range 1 << 14 {
		k := newKeyPair([privateLen]byte{1, 18: byte(i >> 8), 19: byte(i)})
		if s, err := pair.secret(&k.public); err == nil && s[0] == 0 {
			return k
		}
	}
	t.Fatal("no secret begins with a zero byte")
	return nil
}

func TestCalledSideAvoidsLeadingZeros(t *testing.T) {
	e, c := testExchanger(1)
	pair, err := e.shared()
	if err != nil {
		t.Fatal(err)
	}
	caller := hunt(t, pair.keyPair)
	a, err := e.exchange(&caller.public, c.Add(time.Hour))
	if err != nil || a.public == pair.public || a.secret[0] == 0 {
		t.Errorf("got the shared key %v, secret %x, error %v, want a key of its own", a.public == pair.public, a.secret[:2], err)
	}
	if s, err := caller.secret(&a.public); err != nil || s != a.secret {
		t.Errorf("the caller gets another secret, error %v", err)
	}
}

func TestFewExchangesAtOnce(t *testing.T) {
	e, c := testExchanger(1)
	e.slots <- struct{}{}
	_, err := e.exchange(&pairA.public, c.Add(time.Millisecond))
	if got := outcome.Of(err); got != outcome.Limit {
		t.Errorf("got %v, want %v", got, outcome.Limit)
	}
	done := make(chan error, 1) // the one result
	go func() {
		_, err := e.exchange(&pairA.public, c.Add(time.Hour))
		done <- err
	}()
	<-e.slots
	if err := <-done; err != nil {
		t.Errorf("got %v, want its turn", err)
	}
}

func TestDrawnKeysAreNoTrouble(t *testing.T) {
	for range 1000 {
		k, err := drawKeyPair(rand.Reader)
		if err != nil || k.public[0] == 0 || k.public[0] == 0x13 {
			t.Fatalf("got key %x, error %v, want a first byte other than 00 and 13", k.public[:2], err)
		}
	}
}

func TestNoRandomness(t *testing.T) {
	lost := errors.New("lost")
	for name, tt := range map[string]struct {
		random io.Reader
		want   error
	}{
		"none":     {bytes.NewReader(nil), io.EOF},
		"short":    {bytes.NewReader([]byte("abc")), io.ErrUnexpectedEOF},
		"broken":   {io.MultiReader(bytes.NewReader(make([]byte, 10)), failing{lost}), lost},
		"constant": {bytes.NewReader(make([]byte, 1<<16)), errNoRandom},
	} {
		a, b := pipe(t)
		if _, _, err := Initiate(a, torrent, nil, Options{Rand: tt.random}); !errors.Is(err, tt.want) {
			t.Errorf("%s: got %v, want %v", name, err, tt.want)
		}
		r := NewReceiver(new(Keys), Options{Rand: bytes.NewReader(make([]byte, 3))})
		if _, _, err := r.Accept(b, nil); !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("called: got %v, want %v", err, io.ErrUnexpectedEOF)
		}
	}
}

type failing struct{ error }

func (f failing) Read([]byte) (int, error) { return 0, f.error }
