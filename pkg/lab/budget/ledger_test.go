package budget

import (
	"fmt"
	"net/netip"
	"testing"
	"time"

	"btkit/pkg/client"
)

var here = netip.MustParseAddr("127.0.0.1")

func at(s float64) time.Time { return time.Unix(0, 0).Add(time.Duration(s * float64(time.Second))) }

func TestBreaches(t *testing.T) {
	strict := &client.Habits{KeepAlives: 1, Reconnects: 2, Pause: 5 * time.Second, Second: client.SecondRefused}
	for name, c := range map[string]struct {
		habits *client.Habits
		play   func(*Ledger)
		want   map[string]int64
	}{
		"good manners": {strict, func(l *Ledger) {
			a := l.Opens(here, true, at(0))
			a.Talks()
			a.KeepAlive(at(1))
			a.KeepAlive(at(62))
			a.Ends(at(70))
			l.Opens(here, true, at(75)).Ends(at(75))
			l.Opens(here, true, at(140)).Talks()
		}, nil},
		"keep-alives": {strict, func(l *Ledger) {
			a := l.Opens(here, true, at(0))
			for s := range 3 {
				a.KeepAlive(at(float64(20 * s)))
			}
		}, map[string]int64{KeepAlives: 2}},
		"reconnects, in half the time": {strict, func(l *Ledger) {
			for s := range 6 {
				l.Opens(here, true, at(float64(10*s))).Ends(at(float64(10 * s)))
			}
		}, map[string]int64{Reconnects: 4}},
		"the peer dials": {strict, func(l *Ledger) {
			for s := range 6 {
				a := l.Opens(here, false, at(float64(2*s)))
				a.Talks()
				a.Ends(at(float64(2*s + 1)))
			}
		}, nil},
		"two visitors": {strict, func(l *Ledger) {
			for i := range byte(6) {
				l.Opens(netip.AddrFrom4([4]byte{127, 0, 1, i}), true, at(1)).Talks()
			}
		}, nil},
		"back too soon": {strict, func(l *Ledger) {
			a := l.Opens(here, false, at(0))
			a.Talks()
			a.Ends(at(9))
			l.Opens(here, true, at(12))
		}, map[string]int64{Pause: 1}},
		"back at once from a refusal": {strict, func(l *Ledger) {
			l.Opens(here, true, at(0)).Ends(at(0))
			l.Opens(here, true, at(0.1))
		}, nil},
		"second connection": {strict, func(l *Ledger) {
			l.Opens(here, false, at(0)).Talks()
			l.Opens(here, true, at(1)).Ends(at(1))
			l.Opens(here, true, at(3)).Ends(at(3))
		}, map[string]int64{Second: 1}},
		"second connection, and nobody minds": {&client.Habits{}, func(l *Ledger) {
			l.Opens(here, false, at(0)).Talks()
			l.Opens(here, true, at(30))
		}, nil},
	} {
		l := New(c.habits, 0.5)
		c.play(l)
		if fmt.Sprint(l.Breaches) != fmt.Sprint(c.want) {
			t.Errorf("%s: got %v, want %v", name, l.Breaches, c.want)
		}
	}
}

func TestMost(t *testing.T) {
	l := New(&client.Habits{}, 1)
	for i := range 200 {
		c := l.Opens(here, true, at(float64(i)))
		c.KeepAlive(at(float64(i)))
		c.KeepAlive(at(float64(i) + 59))
		c.KeepAlive(at(float64(i) + 60))
		c.Ends(at(float64(i) + 61))
	}
	if l.MostConnects != 60 || l.MostKeepAlives != 2 || len(l.Breaches) != 0 {
		t.Errorf("%d connections and %d keep-alives in a minute, breaches %v; want 60, 2 and none", l.MostConnects, l.MostKeepAlives, l.Breaches)
	}
}

func TestLedgerIsBounded(t *testing.T) {
	l := New(&client.Habits{Reconnects: 3}, 1)
	for i := range 4 * maxVisitors {
		from := netip.AddrFrom4([4]byte{127, 0, byte(i >> 8), byte(i)})
		for range 2 * maxRecent {
			l.Opens(from, true, at(1)).Ends(at(1))
		}
	}
	if n := len(l.visitors); n != maxVisitors {
		t.Errorf("%d visitors are remembered, want %d", n, maxVisitors)
	}
	for _, v := range l.visitors {
		if len(v.connects) > maxRecent || len(v.open) > 0 {
			t.Fatalf("%d connections of one visitor are remembered, %d are open", len(v.connects), len(v.open))
		}
	}
}
