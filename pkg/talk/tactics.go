package talk

import "strings"

// clientTactic is what is special about a client, keyed by the beginning of
// its peer ids.
type clientTactic struct {
	prefix string
	// Saying "interested" doubles the time for which the client keeps an idle
	// connection; with the others it only shortens it.
	interested bool
}

var tactics = []clientTactic{
	{prefix: "A2-", interested: true},
	{prefix: "-aria2-", interested: true},
}

func tactic(id [20]byte) clientTactic {
	for _, t := range tactics {
		if strings.HasPrefix(string(id[:]), t.prefix) {
			return t
		}
	}
	return clientTactic{}
}
