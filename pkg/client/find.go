package client

import "strings"

func find(id [20]byte, version string) *Habits {
	h, ok := best(string(id[:]), func(h *Habits) []string { return h.Prefixes })
	if !ok && version != "" {
		h, _ = best(version, func(h *Habits) []string { return h.Versions })
	}
	return h
}

// best is the program with the longest beginning that s has.
func best(s string, beginnings func(*Habits) []string) (*Habits, bool) {
	found, length := &unknown, 0
	for i := range table {
		if n := longest(beginnings(&table[i]), s); n > length {
			found, length = &table[i], n
		}
	}
	return found, length > 0
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
