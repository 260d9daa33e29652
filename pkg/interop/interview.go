//go:build interop

package interop

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"sync"
	"time"
)

// growsCap is how long the download of "grow" may take, and how long we wait
// for our own word of the last crossing.
const growsCap = 240 * time.Second

// interview asks all questions. Those of torrents that stay as they are go
// side by side; when the download is over, slots are taken; at the end
// everybody is visited once more.
func (m *Matrix) interview() error {
	var again, wg sync.WaitGroup
	var all failures
	for i := range pauses {
		for _, r := range m.dialled() {
			again.Go(func() { all.note(m.hear(m.againQuestion(r, i))) })
		}
	}
	run := func(ask func() error) { wg.Go(func() { all.note(ask()) }) }
	for _, q := range []question{m.holdQuestion(), m.backQuestion()} {
		run(func() error { return m.hear(q) })
	}
	for _, q := range []question{m.outHoldQuestion(), m.outBackQuestion()} {
		run(func() error { return m.hear(q) })
		run(func() error { return m.giveWhenAnnounced(q) })
	}
	run(func() error { return errors.Join(m.grow(), m.fillSlots()) })
	wg.Wait()
	all.note(m.hear(m.lastQuestion()))
	again.Wait()
	return errors.Join(all.list...)
}

// failures collects what went wrong on our side.
type failures struct {
	mu   sync.Mutex
	list []error
}

func (f *failures) note(err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err != nil {
		f.list = append(f.list, err)
	}
}

// hear asks a question and keeps the answers.
func (m *Matrix) hear(q question) error {
	records, err := m.ask(q)
	m.keep(q, records)
	return err
}

func (m *Matrix) keep(q question, records []heard) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.answers[q.name] = records
}

// giveWhenAnnounced gives the rows of q its torrent when the tracker knows us,
// since a client that heard nothing of us would ask again in half an hour only.
func (m *Matrix) giveWhenAnnounced(q question) error {
	ctx, cancel := context.WithTimeout(m.Stage.ctx, time.Minute)
	defer cancel()
	for {
		records, err := readHeard(m.outcomes(q))
		if err == nil && slices.ContainsFunc(records, func(h heard) bool { return h.Type == "request" && h.Outcome == "ok" }) {
			break
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%s: wait for the tracker: %w", q.name, ctx.Err())
		case <-time.After(250 * time.Millisecond):
		}
	}
	for _, r := range q.rows {
		if err := m.fill(ctx, r, m.torrents[q.torrent]); err != nil {
			return err
		}
	}
	return nil
}

// grow runs the ordinary chain, has every row download, and ends the chain
// when it has seen everybody cross.
func (m *Matrix) grow() error {
	ctx, cancel := context.WithTimeout(m.Stage.ctx, growsCap)
	defer cancel()
	if err := m.startDownloads(ctx); err != nil {
		return err
	}
	q := m.growQuestion()
	l, err := m.begin(q)
	if err != nil {
		return err
	}
	defer l.stop()
	for ctx.Err() == nil && !m.allCrossed(q) {
		select {
		case <-ctx.Done():
		case <-time.After(time.Second):
		}
	}
	if statuses, err := l.interrupt(); err != nil {
		return fmt.Errorf("%s: %v: %w", q.name, statuses, err)
	}
	records, err := readHeard(m.outcomes(q))
	m.keep(q, records)
	return err
}

// startDownloads gives every row the torrent "grow", of which it has nothing.
// The seed of IPv6 dials those whom no tracker tells of it.
func (m *Matrix) startDownloads(ctx context.Context) error {
	t := m.torrents["grow"]
	for _, r := range m.Rows {
		if err := r.Add(ctx, t, m.folder(r)); err != nil {
			return err
		}
		m.history.follow(r.Client, t)
		if r.ipv6 {
			if err := m.seeds[1].meet(ctx, t, r.Addr()); err != nil {
				return err
			}
		}
	}
	return nil
}

// allCrossed is whether clients and commands agree that everybody is over the
// threshold.
func (m *Matrix) allCrossed(q question) bool {
	records, err := readHeard(m.outcomes(q))
	if err != nil {
		return false // the last line may be on its way
	}
	for _, r := range m.Rows {
		if _, ok := m.history.crossed(r.Client, m.torrents["grow"]); !ok {
			return false
		}
		if _, ok := crossing(pick(records, "progress", r.Addr().Addr())); !ok {
			return false
		}
	}
	return true
}

// crossing is the first settled reading at the threshold or above.
func crossing(readings []heard) (heard, bool) {
	for _, h := range readings {
		if h.Settled && h.Have >= h.Need {
			return h, true
		}
	}
	return heard{}, false
}

// usualSlots is qBittorrent's default.
const usualSlots = 100

// fillSlots takes all slots of every client, and knocks.
func (m *Matrix) fillSlots() error {
	t := m.torrents["full"]
	for _, r := range m.dialled() {
		if err := r.Limit(m.Stage.ctx, t, fullSlots); err != nil {
			return err
		}
	}
	var wg sync.WaitGroup
	var all failures
	for _, q := range m.fullQuestions() {
		wg.Go(func() { all.note(m.hear(q)) })
	}
	for n := range byte(fullFillers) {
		wg.Go(func() { all.note(m.hear(m.fillQuestion(n))) })
	}
	wg.Wait()
	// Some hold all torrents to it, and who is short of slots holds nobody long.
	for _, r := range m.dialled() {
		all.note(r.Limit(m.Stage.ctx, t, usualSlots))
	}
	return errors.Join(all.list...)
}

// tapping counts what is on the wire until the function that it gives back is
// called.
func (m *Matrix) tapping() (end func(), err error) {
	if m.wire, err = tapWire(); err != nil {
		return nil, err
	}
	stop := make(chan struct{})
	go m.wire.run(stop)
	return func() { close(stop); <-m.wire.done }, nil
}

// measuredFile is where the measured table lies.
func measuredFile() string { return filepath.Join("..", "client", "testdata", "clients.json") }
