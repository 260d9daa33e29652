//go:build interop

package interop

import (
	"fmt"
	"time"
)

// Places of the visitors, counted from placeVisitors.
const (
	visitsHold = iota
	visitsBack
	visitsGrow
	visitsOutHold
	visitsOutBack
	visitsAgain             // one for each of the pauses
	visitsFull  = iota + 10 // the fillers come after it
)

// settleTime is how long a visit lasts that only reads, and some more.
const settleTime = 5 * time.Second

// reachTime is within what a visitor finds out how a client can be spoken to;
// the last of three ways is tried after a minute.
const reachTime = 80 * time.Second

// pauses are the times after which a client is visited again.
var pauses = []time.Duration{5 * time.Second, time.Minute, 5 * time.Minute}

// holdQuestion holds every client once, until it closes or the cap is reached.
func (m *Matrix) holdQuestion() question {
	return question{
		name: "visit-hold", torrent: "hold", place: placeVisitors + visitsHold, rows: m.dialled(),
		pipeline: fmt.Sprintf("bt-probe -q BIND --hold %v --revisit 10h --for %v TORRENT", m.holdsCap(), m.holdsCap()+reachTime),
	}
}

// outHoldQuestion waits for those that dial only, and holds them.
func (m *Matrix) outHoldQuestion() question {
	return question{
		name: "visit-outhold", torrent: "outhold", place: placeVisitors + visitsOutHold, announced: true, rows: m.dialling(),
		pipeline: fmt.Sprintf("bt-listen -q LISTEN --hold %v --for %v TORRENT | bt-peers-tracker -q --for %v", m.holdsCap(), m.holdsCap()+45*time.Second, m.holdsCap()+45*time.Second),
	}
}

// backQuestion visits every client for some seconds, names its port, and then
// waits to be dialled; so it goes on after each conversation.
func (m *Matrix) backQuestion() question {
	return question{
		name: "visit-back", torrent: "back", place: placeVisitors + visitsBack, rows: m.dialled(),
		pipeline: fmt.Sprintf("bt-listen -q LISTEN --hold %v --for %v TORRENT | bt-probe -q BIND --hold %v --revisit 10h --for %v",
			settleTime, m.waitsCap(), settleTime, m.waitsCap()),
	}
}

// outBackQuestion does the same with those that dial only.
func (m *Matrix) outBackQuestion() question {
	return question{
		name: "visit-outback", torrent: "outback", place: placeVisitors + visitsOutBack, announced: true, rows: m.dialling(),
		pipeline: fmt.Sprintf("bt-listen -q LISTEN --hold %v --for %v TORRENT | bt-peers-tracker -q --for %v", settleTime, m.waitsCap(), m.waitsCap()),
	}
}

// againQuestion visits one client several times with a pause in between.
func (m *Matrix) againQuestion(r *row, i int) question {
	pause := pauses[i]
	return question{
		name:    fmt.Sprintf("visit-again%v-row%d", pause.Seconds(), r.place),
		torrent: fmt.Sprintf("again%v", pause.Seconds()), place: placeVisitors + visitsAgain + byte(i), rows: []*row{r},
		pipeline: fmt.Sprintf("cat in.ndjson > peers; bt-probe -q BIND --once --for %[3]v TORRENT < peers"+
			" && for n in $(seq 2 %[1]d); do sleep %[2]v; bt-probe -q BIND --once --for %[3]v TORRENT < peers || exit; done", m.visitsAgain(pause), pause.Seconds(), reachTime),
	}
}

// visitsAgain is how many visits are made with this pause: three, but the
// third after the longest pause is left to the long run.
func (m *Matrix) visitsAgain(pause time.Duration) int {
	if pause >= 5*time.Minute && !m.Long {
		return 2
	}
	return 3
}

// growQuestion is the ordinary chain beside a swarm that downloads.
func (m *Matrix) growQuestion() question {
	var named []*row // who is not on the tracker, which speaks IPv4 only
	for _, r := range m.Rows {
		if r.ipv6 {
			named = append(named, r)
		}
	}
	return question{
		name: "visit-grow", torrent: "grow", place: placeVisitors + visitsGrow, announced: true, rows: named,
		pipeline: "bt-listen -q LISTEN TORRENT | bt-peers-tracker -q | bt-probe -q BIND",
	}
}

// lastQuestion visits every client once more, from the address that the
// ordinary chain used.
func (m *Matrix) lastQuestion() question {
	return question{
		name: "visit-last", torrent: "hold", place: placeVisitors + visitsGrow, announced: true, rows: m.dialled(),
		pipeline: fmt.Sprintf("bt-probe -q BIND --once --for %v TORRENT", reachTime),
	}
}

// fullFillers are one more than the slots that fullQuestion leaves a client.
const (
	fullSlots   = 3
	fullFillers = fullSlots + 1
)

// fillQuestion is one of those that take all slots of every client.
func (m *Matrix) fillQuestion(n byte) question {
	return question{
		name: fmt.Sprintf("visit-fill%d", n), torrent: "full", place: placeVisitors + visitsFull + 1 + n, rows: m.dialled(),
		pipeline: fmt.Sprintf("bt-probe -q BIND --revisit 10h --for %v TORRENT", 2*reachTime),
	}
}

// fullQuestions come when all slots are taken: for those over uTP alone that
// is late, while others no longer hold their visitors then.
func (m *Matrix) fullQuestions() []question {
	var early, late []*row
	for _, r := range m.dialled() {
		if r.choices.NoTCP {
			late = append(late, r)
		} else {
			early = append(early, r)
		}
	}
	line := "sleep %d; bt-probe -q BIND --once --for %v TORRENT"
	return []question{
		{name: "visit-full", torrent: "full", place: placeVisitors + visitsFull, rows: early, pipeline: fmt.Sprintf(line, 30, reachTime)},
		{name: "visit-full-late", torrent: "full", place: placeVisitors + visitsFull + 1 + fullFillers, rows: late, pipeline: fmt.Sprintf(line, 70, reachTime)},
	}
}
