package swarm

import (
	"crypto/sha1"
	"slices"
	"strings"
	"time"

	"btkit/pkg/benc"
	"btkit/pkg/peerwire"
)

// texID is the number by which peers take the messages of BEP 28.
const texID = 11

// texHash is what a peer says of the trackers that it knows (BEP 28): the hash
// of their sorted URLs.
func (s *Swarm) texHash() string {
	urls := slices.Sorted(slices.Values(append(slices.Clone(s.opt.Trackers), s.opt.Extra)))
	sum := sha1.Sum([]byte(strings.Join(urls, "")))
	return string(sum[:])
}

// tellsTrackers plans to tell the visitor of the tracker that no torrent names.
func (c *conn) tellsTrackers() {
	p := c.peer
	if c.texID == 0 || c.texSent || !p.plan.Tex || p.swarm.opt.Extra == "" {
		return
	}
	c.texSent = true
	b, err := benc.Encode(map[string]any{"added": []string{p.swarm.opt.Extra}})
	if err == nil {
		p.swarm.agenda.after(p.within(time.Second), func() { c.send(peerwire.AppendExtended(nil, c.texID, b)) })
	}
}
