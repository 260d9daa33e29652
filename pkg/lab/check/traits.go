package check

import (
	"fmt"
	"strings"

	"btkit/pkg/record"
)

// hard says what made the swarm hard to talk to, if anything did.
func (r *Report) hard(b *strings.Builder) {
	var nat, punch, encrypted, utpOnly, ipv6, refused int64
	for _, t := range r.Truths {
		nat += int64(one(t.NAT))
		punch += int64(one(t.Holepunch))
		encrypted += int64(one(t.Encrypted))
		utpOnly += int64(one(t.UTPOnly))
		ipv6 += int64(one(t.IP.Is6()))
		refused += t.Refused
	}
	if nat+encrypted+utpOnly+ipv6+refused == 0 {
		return
	}
	fmt.Fprintf(b, "%-11s%d behind a NAT (%d come out for a relay), %d want encryption, %d speak uTP only, %d have IPv6\n", "",
		nat, punch, encrypted, utpOnly, ipv6)
	fmt.Fprintf(b, "%-11s%d connections were refused for want of a slot\n", "", refused)
}

// traits says how a peer can be talked to.
func traits(t record.Truth) string {
	words := []string{t.Client}
	if t.Client == "" {
		words = nil
	}
	for _, w := range []struct {
		is   bool
		word string
	}{
		{t.Reachable, "takes connections"}, {!t.Reachable, "takes no connections"}, {t.DialsOut, "dials"}, {t.NAT, "NAT"},
		{t.Holepunch, "hole punching"}, {t.Encrypted, "encrypted"}, {t.UTPOnly, "uTP only"}, {t.Met, "met"},
	} {
		if w.is {
			words = append(words, w.word)
		}
	}
	if t.Refused > 0 {
		words = append(words, fmt.Sprintf("%d refused", t.Refused))
	}
	return strings.Join(words, ", ")
}
