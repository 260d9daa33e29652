package check

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Breaches is how often visitors did what a peer's client takes for bad manners.
func (r *Report) Breaches() (n int64) {
	for _, t := range r.Truths {
		for _, times := range t.Breaches {
			n += times
		}
	}
	return n
}

// breach is one kind of bad manners towards one client.
type breach struct{ client, kind string }

// budget says what visitors cost the patience of peers.
func (r *Report) budget(b *strings.Builder) {
	var connects, alive int64
	by, known := map[breach]int64{}, false
	for _, t := range r.Truths {
		connects, alive = max(connects, t.Connects), max(alive, t.KeepAlives)
		known = known || t.Client != ""
		for kind, times := range t.Breaches {
			by[breach{t.Client, kind}] += times
		}
	}
	if !known {
		return
	}
	fmt.Fprintf(b, "%-11s%s of manners; a peer got at most %s in a minute of the play, and %s in one\n", "budget",
		plural(int(r.Breaches()), "breach"), plural(int(connects), "connection"), plural(int(alive), "keep-alive"))
	order := slices.SortedFunc(maps.Keys(by), func(x, y breach) int {
		return cmp.Or(-cmp.Compare(by[x], by[y]), cmp.Compare(x.client, y.client), cmp.Compare(x.kind, y.kind))
	})
	for _, k := range order {
		fmt.Fprintf(b, "%-11s%5d  %s, %s\n", "  breach", by[k], k.kind, k.client)
	}
}
