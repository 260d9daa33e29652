package listen_test

import (
	"testing"
	"time"

	"btkit/pkg/listen"
	"btkit/pkg/record"
	"btkit/pkg/talk"
	"btkit/pkg/talk/talktest"
)

// A peer that says nothing of its pieces keeps its place while there are
// others.
func TestSilentPeers(t *testing.T) {
	for name, tt := range map[string]struct {
		slots int
		stays bool
	}{"room": {20, true}, "no room": {2, false}} {
		t.Run(name, func(t *testing.T) {
			r := begin(t, listen.Options{Slots: tt.slots, Manner: talk.Manner{Handshake: talktest.Patience, Silence: 30 * time.Millisecond}})
			talks := r.knock(talktest.Hello(1), talktest.Bitfield(100, 40))
			talktest.Await[record.Progress](t, r.journal, 1)
			silent := r.knock(talktest.Hello(2))
			if !tt.stays {
				r.hungUp(silent)
				if v := talktest.Await[record.Visit](t, r.journal, 1)[0]; v.Outcome != "timeout" || v.Stage != "open" {
					t.Errorf("got %s at %s, want the silent one let go", v.Outcome, v.Stage)
				}
			} else {
				if _, ok := silent.Greeted(); !ok {
					t.Fatal("the silent peer was not answered")
				}
				time.Sleep(100 * time.Millisecond) // its time is up
				silent.Say(talktest.Bitfield(100, 50))
				talktest.Await[record.Progress](t, r.journal, 2)
			}
			talks.Close()
			silent.Close()
		})
	}
}
