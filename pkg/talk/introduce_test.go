package talk

import (
	"slices"
	"testing"

	"btkit/pkg/outcome"
	"btkit/pkg/peerwire"
	"btkit/pkg/visit"
)

// relayID is the number under which the peer takes ut_holepunch messages.
const relayID = 9

func introduces(m *meeting) {
	m.hello(theirHandshake())
	m.greeting()
	m.send(peerwire.AppendExtHandshake(nil, peerwire.ExtHandshake{M: map[string]uint8{"ut_holepunch": relayID}}), bitfield(100, 50))
	wait(m.t, "the reading", m.told)
}

func TestIntroduce(t *testing.T) {
	to := addr("192.0.2.9:7")
	m := open(t, scene{})
	introduces(m)
	if !m.c.Introduce(to) {
		t.Fatal("got false, want the question to be taken")
	}
	got := m.next()
	if got.ID != peerwire.Extended || got.Ext != relayID {
		t.Fatalf("got message %v of extension %d, want one of extension %d", got.ID, got.Ext, relayID)
	}
	asked, err := peerwire.ParseHolepunch(got.Payload)
	if want := (peerwire.Holepunch{Kind: peerwire.HolepunchRendezvous, Addr: to}); err != nil || asked != want {
		t.Errorf("got %+v, %v, want %+v", asked, err, want)
	}
	connect := peerwire.Holepunch{Kind: peerwire.HolepunchConnect, Addr: to}
	m.send(peerwire.AppendExtended(nil, visit.ExtHolepunch, []byte("noise")),
		peerwire.AppendHolepunch(nil, visit.ExtHolepunch, peerwire.Holepunch{Kind: peerwire.HolepunchRendezvous, Addr: to}),
		peerwire.AppendHolepunch(nil, visit.ExtHolepunch, connect))
	if answer := wait(t, "the answer", m.answers); answer != connect {
		t.Errorf("got %+v, want %+v: noise and questions to us are nothing", answer, connect)
	}
	m.c.Leave()
	m.wantEnd(outcome.OK)
}

// A question that cannot be put is answered at once, so that the host does not
// wait for it.
func TestIntroduceWithoutRelay(t *testing.T) {
	m := open(t, scene{})
	m.hello(theirHandshake())
	m.greeting()
	to := addr("192.0.2.9:7")
	if !m.c.Introduce(to) {
		t.Fatal("got false, want the question to be taken")
	}
	want := peerwire.Holepunch{Kind: peerwire.HolepunchError, Addr: to, Err: peerwire.HolepunchNoSupport}
	if answer := wait(t, "the answer", m.answers); answer != want {
		t.Errorf("got %+v, want %+v", answer, want)
	}
	m.c.Leave()
	m.wantEnd(outcome.OK)
}

func TestIntroduceOneAtATime(t *testing.T) {
	m := set(t, scene{})
	to := addr("192.0.2.9:7")
	if !m.c.Introduce(to) || m.c.Introduce(to) {
		t.Error("want the first of two questions taken, and the second refused")
	}
}

func TestTrackersArePassedOn(t *testing.T) {
	m := open(t, scene{})
	m.hello(theirHandshake())
	m.send(peerwire.AppendExtended(nil, visit.ExtTex, []byte("no dictionary")),
		peerwire.AppendExtended(nil, visit.ExtTex, []byte("d5:addedlee")),
		peerwire.AppendExtended(nil, visit.ExtTex, []byte("d5:addedl19:udp://192.0.2.1:80/4:ftp:ee")))
	if got, want := wait(t, "the trackers", m.trackers), []string{"udp://192.0.2.1:80/", "ftp:"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q: the choice is the host's", got, want)
	}
	m.c.Leave()
	m.wantEnd(outcome.OK)
	if len(m.trackers) != 0 {
		t.Errorf("got %d more lists, want none", len(m.trackers))
	}
}
