package client

import "strings"

// unknown assumes the least of a program that is not in the table.
var unknown = Habits{Name: "unknown"}

func find(id [20]byte, version string) *Habits {
	found, length := &unknown, 0
	for i := range table {
		h := &table[i]
		if n := longest(h.Prefixes, string(id[:])); n > length {
			found, length = h, n
		}
	}
	if length > 0 || version == "" {
		return found
	}
	for i := range table {
		h := &table[i]
		if n := longest(h.Versions, version); n > length {
			found, length = h, n
		}
	}
	return found
}

// longest is the length of the longest of the beginnings that s has.
func longest(beginnings []string, s string) (n int) {
	for _, b := range beginnings {
		if len(b) > n && strings.HasPrefix(s, b) {
			n = len(b)
		}
	}
	return n
}
