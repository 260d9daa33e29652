package tracker

import (
	"strconv"
	"strings"
)

// Preference is one way in which a host wants its tracker to be asked (BEP 34).
type Preference struct {
	Protocol string // "udp" or "tcp"
	Port     uint16
}

// ParseTXT reads a TXT record of a tracker's host (BEP 34). False means that
// the record does not speak of trackers; true with no preference means that
// the host runs none and is not to be contacted.
func ParseTXT(txt string) (order []Preference, ok bool) {
	words := strings.Split(txt, " ")
	if words[0] != "BITTORRENT" {
		return nil, false
	}
	for _, word := range words[1:] {
		protocol, digits, _ := strings.Cut(word, ":")
		port, err := strconv.ParseUint(digits, 10, 16)
		if err == nil && port > 0 && (protocol == "UDP" || protocol == "TCP") {
			order = append(order, Preference{strings.ToLower(protocol), uint16(port)})
		}
	}
	return order, true
}
