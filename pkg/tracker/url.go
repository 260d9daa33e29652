package tracker

import (
	"errors"
	"fmt"
	"net/netip"
	"strconv"
	"strings"

	"btkit/pkg/outcome"
)

// MaxURL is the longest tracker URL worth keeping, in bytes.
const MaxURL = 2048

var errURL = errors.New("not a tracker URL")

var defaultPorts = map[string]uint16{"http": 80, "https": 443, "udp": 0}

// address is a tracker URL cut into pieces; nothing in it is decoded.
type address struct {
	scheme string // lower case
	user   string // user:password, "" if there is none
	host   string // lower case, without brackets and trailing dots
	port   uint16 // 0 if it is the scheme's own
	rest   string // path and query, untouched
}

// parseURL cuts a URL without net/url, which decodes and re-encodes what
// trackers want to see exactly as it was.
func parseURL(raw string) (address, error) {
	var u address
	scheme, rest, ok := strings.Cut(raw, "://")
	if !ok || len(raw) > MaxURL {
		return u, outcome.Fail(outcome.Unsupported, fmt.Errorf("%w: no scheme or too long", errURL))
	}
	u.scheme = strings.ToLower(scheme)
	own, ok := defaultPorts[u.scheme]
	if !ok {
		return u, outcome.Fail(outcome.Unsupported, fmt.Errorf("%w: scheme %.12q", errURL, scheme))
	}
	end := strings.IndexAny(rest+"/", "/?#")
	authority, rest := rest[:end], rest[end:]
	u.rest, _, _ = strings.Cut(rest, "#")
	if at := strings.LastIndexByte(authority, '@'); at >= 0 {
		u.user, authority = authority[:at], authority[at+1:]
	}
	if err := u.setHost(authority); err != nil {
		return u, outcome.Fail(outcome.Unsupported, fmt.Errorf("%w: %w", errURL, err))
	}
	if u.port == own {
		u.port = 0
	}
	if u.scheme == "udp" && u.port == 0 {
		return u, outcome.Fail(outcome.Unsupported, fmt.Errorf("%w: no port", errURL))
	}
	return u, nil
}

func (u *address) setHost(authority string) error {
	host, port := authority, ""
	if end := strings.LastIndexByte(authority, ']'); end >= 0 {
		host, port = authority[:end+1], strings.TrimPrefix(authority[end+1:], ":")
	} else if colon := strings.LastIndexByte(authority, ':'); colon >= 0 {
		host, port = authority[:colon], authority[colon+1:]
	}
	if port != "" {
		n, err := strconv.ParseUint(port, 10, 16)
		if err != nil || n == 0 {
			return fmt.Errorf("port %.12q", port)
		}
		u.port = uint16(n)
	}
	return u.setName(host)
}

func (u *address) setName(host string) error {
	if strings.HasPrefix(host, "[") {
		ip, err := netip.ParseAddr(strings.Trim(host, "[]"))
		if err != nil || ip.Zone() != "" {
			return fmt.Errorf("host %.60q", host)
		}
		u.host = ip.String()
		return nil
	}
	u.host = strings.TrimRight(strings.ToLower(host), ".")
	if u.host == "" || strings.ContainsFunc(u.host, notInName) {
		return fmt.Errorf("host %.60q", host)
	}
	return nil
}

func notInName(r rune) bool {
	return r < 0x80 && !strings.ContainsRune("abcdefghijklmnopqrstuvwxyz0123456789-._", r)
}

// hostPort is host and port as a URL spells them.
func (u address) hostPort() string {
	host := u.host
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	if u.port == 0 {
		return host
	}
	return host + ":" + strconv.Itoa(int(u.port))
}

// Normalize makes two spellings of one tracker equal (BEP 12): scheme and host
// in lower case, no default port, no trailing dots. Path and query stay as
// they are. A URL that is not of a tracker we can ask gives an error.
func Normalize(raw string) (string, error) {
	u, err := parseURL(strings.TrimSpace(raw))
	if err != nil {
		return "", err
	}
	user := ""
	if u.user != "" {
		user = u.user + "@"
	}
	return u.scheme + "://" + user + u.hostPort() + u.rest, nil
}

// Redact is the URL without user and password, fit for records and logs.
func Redact(raw string) string {
	scheme, rest, ok := strings.Cut(raw, "://")
	if !ok {
		return raw
	}
	end := strings.IndexAny(rest+"/", "/?#")
	if at := strings.LastIndexByte(rest[:end], '@'); at >= 0 {
		rest = rest[at+1:]
	}
	return scheme + "://" + rest
}

// Host is the host of a tracker URL, without port, in lower case; "" if it is
// not a tracker URL.
func Host(raw string) string {
	u, err := parseURL(raw)
	if err != nil {
		return ""
	}
	return u.host
}

// Families says over which families a tracker can be asked at all: those of
// want, unless the URL names an address.
func Families(raw string, want []Family) []Family {
	ip, err := netip.ParseAddr(Host(raw))
	if err != nil {
		return want
	}
	for _, f := range want {
		if f.Has(ip.Unmap()) {
			return []Family{f}
		}
	}
	return nil
}

// Flatten lists every tracker of every tier once, normalised, in order: a
// measuring client asks all of them (BEP 12). What is no URL of a tracker that
// we can ask comes back as it was.
func Flatten(tiers [][]string) (urls, bad []string) {
	seen := map[string]bool{}
	for _, tier := range tiers {
		for _, raw := range tier {
			url, err := Normalize(raw)
			if err != nil {
				bad = append(bad, raw)
			} else if !seen[url] {
				seen[url] = true
				urls = append(urls, url)
			}
		}
	}
	return urls, bad
}
