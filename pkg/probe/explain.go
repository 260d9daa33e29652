package probe

import (
	"btkit/pkg/client"
	"btkit/pkg/outcome"
	"btkit/pkg/peerwire"
	"btkit/pkg/refusal"
	"btkit/pkg/visit"
	"btkit/pkg/ways"
)

// known is what is said of a peer, and which ways to it do not exist.
func (p *Probe) known(x *peer) ways.Hints {
	h := ways.Hints{Encryption: x.hints&peerwire.PexEncryption != 0}
	if p.options.UTP == nil || x.habits != nil && !x.habits.UTP {
		h.Without |= ways.Of(ways.UTP, ways.UTPEncrypted)
	}
	if p.options.Encrypt == nil {
		h.Without |= ways.Of(ways.TCPEncrypted, ways.UTPEncrypted)
	}
	return h
}

// explain adds an attempt to what is known of a peer's refusals, and writes the
// reason into the visit when it is refused or explains an earlier refusal.
func (p *Probe) explain(x *peer, e event) {
	a := refusal.Attempt{Began: x.began, At: e.at, Session: e.end.Session, Outcome: e.how, Stage: e.end.Stage, Way: x.try.Way,
		Answered: e.end.RxBytes > 0, Beside: p.inbound[x.place()] > 0 && (x.habits == nil || !x.habits.TakesSecond()),
		Read: e.end.Have != nil}
	if e.how == outcome.Timeout && x.habits != nil && x.habits.Refusal == client.RefusesSilent {
		a.Outcome = outcome.ClosedEarly // silence behind our handshake is how it refuses
	}
	if a.Read {
		a.First, a.Have, a.Complete = x.first, *e.end.Have, x.reading.Complete
	}
	if len(p.torrents) > 1 {
		p.elsewhere(x, &a)
	}
	if v, changed := x.refused.Add(a); changed {
		e.end.Reason, e.end.ReasonSure, e.end.ReasonSession = string(v.Reason), v.Sure, v.Session
	}
}

// elsewhere compares with what the address does about other torrents.
func (p *Probe) elsewhere(x *peer, a *refusal.Attempt) {
	at := p.site(x)
	a.Elsewhere = at.Elsewhere(x.t.first.number, a.At)
	switch a.Stage {
	case visit.StageOpen, visit.StageSettled:
		at.Note(x.t.first.number, a.At, refusal.Took)
	case visit.StageHandshake:
		at.Note(x.t.first.number, a.At, refusal.Refused)
	}
}
