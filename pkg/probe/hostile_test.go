package probe

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"sync/atomic"
	"syscall"
	"testing"

	"btkit/pkg/outcome"
	"btkit/pkg/record"
	"btkit/pkg/talk/talktest"
)

// What is no fault of the peer leaves no trace in what is remembered of its
// ways, but it must not make the same attempt due again at once, either.
func TestOtherWayThatLeadsNowhere(t *testing.T) {
	for name, tt := range map[string]struct {
		how  outcome.Outcome
		most int64
	}{
		"to ourselves":           {outcome.Self, 1},
		"forbidden":              {outcome.Denied, 1},
		"over a limit":           {outcome.Limit, 1},
		"without our own means":  {outcome.LocalError, 3},
		"refused":                {outcome.Refused, 1},
		"not there in good time": {outcome.Timeout, 1},
	} {
		t.Run(name, func(t *testing.T) {
			r := loop(t, Options{})
			var calls atomic.Int64
			r.options.UTP = func(context.Context, netip.AddrPort) (net.Conn, error) {
				calls.Add(1)
				return nil, outcome.Fail(tt.how, errors.New("so it goes"))
			}
			r.names(address(0))
			for range 100 {
				r.step()
				r.clock.advance(shortage / 50)
			}
			if got := calls.Load(); got < 1 || got > tt.most {
				t.Errorf("got %d calls over uTP in %v, want 1 to %d", got, 2*shortage, tt.most)
			}
			if x := r.peerAt(address(0)); x.state == gone && tt.how != outcome.Self {
				t.Error("the peer is given up, though nothing was said about it over TCP")
			}
		})
	}
}

// A round ends, even where our own system fails at every attempt.
func TestOnceEndsWithoutMeans(t *testing.T) {
	r := loop(t, Options{Once: true})
	r.options.Dial = func(context.Context, netip.AddrPort) (net.Conn, error) { return nil, syscall.EADDRNOTAVAIL }
	r.names(address(0))
	for range 100 {
		r.step()
		r.clock.advance(shortage)
	}
	if x := r.peerAt(address(0)); x.state != gone {
		t.Error("the round does not end")
	}
	if got := r.count.outcomes["local-error"]; got < 2 || got > 20 {
		t.Errorf("got %d attempts, want some and not many", got)
	}
}

// A listener that has gone without a word must not keep its peers from us.
func TestListenerThatWasKilled(t *testing.T) {
	r := loop(t, Options{Once: true})
	r.swarm.Join(address(0), talktest.Holds(1, bits(100)))
	r.take(&record.Peer{InfoHash: talktest.InfoHash, IP: address(0).Addr(), Port: 50000, Source: "incoming"})
	r.names(address(0))
	if r.step(); r.swarm.AllDials() != 0 {
		t.Error("got a dial of a peer that talks to the listener")
	}
	r.inputEnded()
	r.clock.advance(inboundPause)
	r.step()
	if !r.finished() {
		t.Error("the round does not end")
	}
	if v := talktest.Await[record.Visit](t, r.journal, 1)[0]; v.Stage != settled {
		t.Errorf("got %s at %s, want a settled visit", v.Outcome, v.Stage)
	}
}
