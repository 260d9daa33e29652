//go:build interop

package interop

import (
	"context"
	"sync"
	"time"
)

// watchEvery is the time between two looks at every client.
const watchEvery = 200 * time.Millisecond

// history is all that the clients reported about one torrent, in order of
// time. It is the truth that the toolkit is compared with.
type history struct {
	mu       sync.Mutex
	readings map[string][]Status
	// The last failure of a report; clients that are closed must be left out
	// before.
	err error
	// The clients that are watched.
	watched map[string]watched
}

type watched struct {
	client  Client
	torrent *Torrent
}

func newHistory() *history {
	return &history{readings: map[string][]Status{}, watched: map[string]watched{}}
}

// follow begins to watch what c says about t.
func (h *history) follow(c Client, t *Torrent) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.watched[c.Name()+" "+t.Name] = watched{c, t}
}

// run looks at every client until ctx ends.
func (h *history) run(ctx context.Context) {
	tick := time.NewTicker(watchEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			var wg sync.WaitGroup
			for key, w := range h.snapshot() {
				wg.Go(func() {
					status, err := w.client.Status(ctx, w.torrent)
					h.note(ctx, key, status, err)
				})
			}
			wg.Wait()
		}
	}
}

func (h *history) snapshot() map[string]watched {
	h.mu.Lock()
	defer h.mu.Unlock()
	all := make(map[string]watched, len(h.watched))
	for key, w := range h.watched {
		all[key] = w
	}
	return all
}

func (h *history) note(ctx context.Context, key string, s Status, err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if err != nil {
		if ctx.Err() == nil {
			h.err = err
		}
		return
	}
	h.readings[key] = append(h.readings[key], s)
}

// of gives the reports of c about t so far, and the last failed one.
func (h *history) of(c Client, t *Torrent) ([]Status, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return append([]Status(nil), h.readings[c.Name()+" "+t.Name]...), h.err
}

// crossed is when c first reported need pieces or more, if it was seen below
// before.
func (h *history) crossed(c Client, t *Torrent) (time.Time, bool) {
	reports, _ := h.of(c, t)
	for i, s := range reports {
		if s.Have >= t.Need {
			return s.Answered, i > 0
		}
	}
	return time.Time{}, false
}

// between gives the fewest and the most pieces that c can have had from one
// time to another: as many as it reported last before, and first after.
func (h *history) between(c Client, t *Torrent, from, to time.Time) (least, most int) {
	reports, _ := h.of(c, t)
	for _, s := range reports {
		if !s.Answered.After(from) {
			least = s.Have
		}
		if !s.Asked.Before(to) {
			return least, s.Have
		}
	}
	return least, t.Pieces
}
