package metainfo

import (
	"net/url"
	"strings"

	"btkit/pkg/benc"
)

// tierList gathers announce URLs and leaves out those it has already, those
// that are too long and those with characters that no URL has.
type tierList struct {
	tiers [][]string
	seen  map[string]bool
}

// add puts URLs into a tier of their own.
func (l *tierList) add(urls ...string) {
	var tier []string
	for _, u := range urls {
		if l.admit(u) {
			tier = append(tier, u)
		}
	}
	if len(tier) > 0 {
		l.tiers = append(l.tiers, tier)
	}
}

func (l *tierList) admit(u string) bool {
	key := comparableURL(u)
	if !isURL(u) || l.seen[key] || len(l.seen) >= maxTrackers {
		return false
	}
	if l.seen == nil {
		l.seen = make(map[string]bool)
	}
	l.seen[key] = true
	return true
}

// trackersOf reads "announce-list" (BEP 12) and then "announce" (BEP 3), which
// is a tier of its own when the list does not have it.
func trackersOf(torrent benc.Value) [][]string {
	var l tierList
	for tier := range torrent.Get("announce-list").List() {
		l.add(urlsOf(tier)...)
	}
	l.add(urlsOf(torrent.Get("announce"))...)
	return l.tiers
}

// urlsOf reads a URL or a list of them, spaces around them left out.
func urlsOf(v benc.Value) []string {
	if s := strings.TrimSpace(v.Text()); s != "" {
		return []string{s}
	}
	var urls []string
	for item := range v.List() {
		urls = append(urls, strings.TrimSpace(item.Text()))
	}
	return urls
}

// webSeeds keeps the URLs among those that a stranger named (BEP 19).
func webSeeds(urls []string) []string {
	var seeds []string
	for _, u := range urls {
		if isURL(u) && len(seeds) < maxSeeds {
			seeds = append(seeds, u)
		}
	}
	return seeds
}

// isURL says whether s may be a URL with a scheme and is short enough.
func isURL(s string) bool {
	if len(s) > maxURLBytes || strings.Index(s, "://") < 1 {
		return false
	}
	for i := range len(s) {
		if s[i] <= ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}

var defaultPorts = map[string]string{"http": ":80", "https": ":443"}

// comparableURL is a URL with scheme and host in lower case and without the port
// that goes without saying. It serves to compare; trackers are asked by the
// URL as it was given.
func comparableURL(s string) string {
	u, err := url.Parse(s)
	if err != nil {
		return s
	}
	u.Host = strings.TrimSuffix(strings.ToLower(u.Host), defaultPorts[u.Scheme])
	return u.String()
}
