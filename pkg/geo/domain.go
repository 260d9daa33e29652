package geo

import (
	"strings"

	"golang.org/x/net/publicsuffix"
)

// maxHostName is the longest host name of the DNS in bytes.
const maxHostName = 253

// Domain returns the registrable domain of a host name: the name that its
// owner has from a registry, such as "example.co.uk". Only suffixes of
// registries count (the ICANN part of the public suffix list), so a rented
// machine belongs to the company that lets it. Empty for what is no host name,
// a suffix by itself, or under a top-level domain that does not exist.
func Domain(host string) string {
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	if !isHostName(host) {
		return ""
	}
	suffix, icann := publicsuffix.PublicSuffix(host)
	for !icann {
		// A private suffix such as compute.amazonaws.com: take its parent's.
		_, parent, ok := strings.Cut(suffix, ".")
		if !ok {
			return ""
		}
		suffix, icann = publicsuffix.PublicSuffix(parent)
	}
	if suffix == "arpa" || strings.HasSuffix(suffix, ".arpa") || len(host) <= len(suffix) {
		return ""
	}
	label := strings.TrimSuffix(host, "."+suffix)
	if i := strings.LastIndexByte(label, '.'); i >= 0 {
		label = label[i+1:]
	}
	return label + "." + suffix
}

// isHostName says whether a name in small letters has the form of a host
// name: labels of 1 to 63 letters, digits, hyphens and underscores.
func isHostName(host string) bool {
	if host == "" || len(host) > maxHostName {
		return false
	}
	label := 0
	for i := range len(host) {
		c := host[i]
		switch {
		case c == '.' && label > 0:
			label = 0
			continue
		case c >= 'a' && c <= 'z', c >= '0' && c <= '9', c == '-', c == '_':
			label++
		default:
			return false
		}
		if label > 63 {
			return false
		}
	}
	return label > 0
}
