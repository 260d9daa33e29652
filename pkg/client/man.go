package client

import (
	_ "embed" // for the measured values
	"fmt"
	"slices"
	"strings"
	"time"
)

// measured is the latest measurement.
//
//go:embed testdata/clients.json
var measured string

// intro is the part of bt-clients(7) that does not depend on the table.
const intro = `Programs differ in how they treat a visitor that transfers no content: how long they keep it, whether they take
it back, when they dial it themselves. bt-probe and bt-listen look that up in one table, by the beginning of the peer id, or where that
says nothing by the beginning of the name in the extension handshake; the longest that fits decides. This page is made from that
table and from the latest measurement on real programs.

A program that is not in the table is treated as the last one, unknown. Where nothing is said, nothing is known or there is no
such rule. A measured value comes with the number of observations that it rests on (n).`

// Man is the source of bt-clients(7). roff escapes text for a man page.
func Man(version string, roff func(string) string) (string, error) {
	m, err := ReadMeasured(strings.NewReader(measured))
	if err != nil {
		return "", err
	}
	p := page{roff: roff}
	fmt.Fprintf(&p, ".TH BT-CLIENTS 7 \"\" \"btkit %s\" \"btkit\"\n.SH NAME\nbt-clients \\- how BitTorrent programs treat a measuring visitor\n", version)
	p.WriteString(".SH DESCRIPTION\n")
	for i, paragraph := range strings.Split(intro, "\n\n") {
		if i > 0 {
			p.WriteString(".PP\n")
		}
		p.WriteString(p.text(paragraph) + "\n")
	}
	p.WriteString(".SH TABLE\n")
	for _, h := range All() {
		p.family(h)
	}
	if len(m.Clients) > 0 {
		p.measured(m)
	}
	p.WriteString(".SH SEE ALSO\nbt(1), bt\\-probe(1), bt\\-listen(1), bt\\-record(5)\n")
	return p.String(), nil
}

// page is a man page in the making.
type page struct {
	strings.Builder
	roff func(string) string
}

// text is escaped text on one line, with the letters that ASCII lacks by their
// names.
func (p *page) text(s string) string {
	s = p.roff(strings.Join(strings.Fields(s), " "))
	return strings.NewReplacer("µ", "\\(mc", "μ", "\\(*m").Replace(s)
}

// item writes a word and what it means, if there is something to say.
func (p *page) item(word, meaning string) {
	if meaning != "" {
		fmt.Fprintf(p, ".TP\n%s\n%s\n", p.text(word), p.text(meaning))
	}
}

// fact is an item in a whole sentence.
func (p *page) fact(word, meaning string) {
	if meaning != "" {
		p.item(word, strings.ToUpper(meaning[:1])+meaning[1:]+".")
	}
}

func (p *page) family(h *Habits) {
	fmt.Fprintf(p, ".SS %s\n", p.text(h.Name))
	p.fact("known by", h.knownBy())
	p.fact("silent", phrase(h.ReadTimeout, "a visitor that says nothing is left after %s"))
	p.fact("idle", h.idle())
	p.fact("again", h.again())
	p.fact("when full", string(h.Refusal))
	p.fact("second", secondPhrase(h.Second))
	p.fact("dials back", h.DialBack.phrase())
	p.fact("tells", h.tells())
	p.fact("limits", h.limits())
	p.fact("speaks", h.speaks())
	p.fact("from", h.Source)
}

func (h *Habits) knownBy() string {
	if len(h.Prefixes) == 0 {
		return "nothing that is in this table"
	}
	return fmt.Sprintf("peer ids that begin with %s; names that begin with \"%s\"",
		list(h.Prefixes), strings.Join(names(h.Versions), "\", \""))
}

func (h *Habits) idle() string {
	if h.Interested {
		return h.IdleRule + "; we say that we are interested"
	}
	return h.IdleRule
}

func (h *Habits) again() string {
	s := phrase(h.Pause, "takes a visitor back %s after the end of a conversation")
	if h.OneHandshake {
		s += ", and only one handshake from an address at a time, whatever the torrents"
	}
	return s
}

func secondPhrase(s Second) string {
	if s == "" {
		return ""
	}
	return "a second connection from one address is " + string(s)
}

func (h *Habits) tells() string {
	var facts []string
	switch {
	case h.Hides > 0:
		facts = append(facts, fmt.Sprintf("its bitfield may lack up to %d pieces, which it announces right behind it", h.Hides))
	case h.Hides == 0:
		facts = append(facts, "its bitfield lacks nothing")
	default:
		facts = append(facts, "its bitfield may lack a tenth of the pieces, between 32 and 64")
	}
	if h.HaveDelay > 0 {
		facts = append(facts, phrase(h.HaveDelay, "announcements of new pieces come up to %s late"))
	}
	if h.SilentIsEmpty {
		facts = append(facts, "a peer that tells nothing of its pieces has none")
	}
	return strings.Join(facts, "; ")
}

func (h *Habits) limits() string {
	var limits []string
	for _, l := range []struct {
		n         int
		what, per string
	}{{h.KeepAlives, "keep-alive", "a minute"}, {h.Reconnects, "connection", "a minute from one address"}, {h.Slots, "connection", "per torrent"}} {
		if l.n > 1 {
			l.what += "s"
		}
		if l.n > 0 {
			limits = append(limits, fmt.Sprintf("%d %s %s", l.n, l.what, l.per))
		}
	}
	return strings.Join(limits, "; ")
}

func (h *Habits) speaks() string {
	speaks := []string{"TCP"}
	if h.UTP {
		speaks = append(speaks, "uTP")
	}
	if h.MSE {
		speaks = append(speaks, "encryption (MSE)")
	}
	return strings.Join(speaks, ", ")
}

func (d DialBack) phrase() string {
	if len(d.Gaps) == 0 {
		return ""
	}
	gaps := make([]string, len(d.Gaps))
	for i, gap := range d.Gaps {
		gaps[i] = span(gap)
	}
	s := list(gaps) + " after a conversation, or after the attempt before"
	if d.Step > 0 {
		s += ", then each time " + span(d.Step) + " later"
	}
	if d.Tries > 0 {
		s += fmt.Sprintf("; %d times", d.Tries)
	}
	return s
}

// phrase is a sentence about a span, "" for none.
func phrase(d time.Duration, sentence string) string {
	if d == 0 {
		return ""
	}
	return fmt.Sprintf(sentence, span(d))
}

// span is a duration in the largest unit that leaves it whole.
func span(d time.Duration) string {
	for _, u := range []struct {
		unit time.Duration
		name string
	}{{time.Hour, "h"}, {time.Minute, "min"}} {
		if d >= u.unit && d%u.unit == 0 {
			return fmt.Sprintf("%d %s", d/u.unit, u.name)
		}
	}
	if d == 0 {
		return "at once"
	}
	return fmt.Sprintf("%g s", d.Seconds())
}

func list(words []string) string { return strings.Join(words, ", ") }

// names are the beginnings of names without what follows the name, each once.
func names(beginnings []string) (bare []string) {
	for _, b := range beginnings {
		if b = strings.TrimRight(b, " /"); !slices.Contains(bare, b) {
			bare = append(bare, b)
		}
	}
	return bare
}
