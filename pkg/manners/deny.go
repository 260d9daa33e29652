package manners

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"
	"strconv"
	"strings"

	"go4.org/netipx"
)

const (
	maxDenyLine    = 4096           // bytes; the longest names of published lists have a few hundred
	maxDenyEntries = 10_000_000     // 40 times the largest list in common use
	allowedLevel   = 128            // ipfilter.dat: from this access level on a range is let through
	byteOrderMark  = "\xef\xbb\xbf" // some editors put it first
	wantedDeny     = "want 192.0.2.0/24, 192.0.2.7, 192.0.2.1-192.0.2.9 or name:192.0.2.1-192.0.2.9"
)

var errLevel = errors.New("access level lets the range through")

// LoadDeny reads block lists and returns their union, for [Policy.Deny]. No
// path gives nil. An error says file and line.
func LoadDeny(paths ...string) (*netipx.IPSet, error) {
	if len(paths) == 0 {
		return nil, nil
	}
	var b netipx.IPSetBuilder
	for _, path := range paths {
		if err := loadDeny(path, &b); err != nil {
			return nil, err
		}
	}
	return b.IPSet()
}

func loadDeny(path string, b *netipx.IPSetBuilder) error {
	f, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("read block list: %w", err)
	}
	defer f.Close()
	return ReadDeny(path, f, b)
}

// ReadDeny adds the ranges of one block list to b; name stands for the list in
// errors. A line holds a CIDR range, an address or a range "a-b", bare or with
// a name before it ("name:a-b", the P2P form) or an access level behind it
// ("a - b , 100 , name", the eMule form). Empty lines and what follows "#" do
// not count.
func ReadDeny(name string, r io.Reader, b *netipx.IPSetBuilder) error {
	scan := bufio.NewScanner(r)
	scan.Buffer(make([]byte, 0, maxDenyLine), maxDenyLine)
	n := 1
	for ; scan.Scan(); n++ {
		if err := denyLine(scan.Bytes(), n, b); err != nil {
			return fmt.Errorf("read block list: %s:%d: %w", name, n, err)
		}
	}
	if err := scan.Err(); err != nil {
		return fmt.Errorf("read block list: %s:%d: %w", name, n, err)
	}
	return nil
}

func denyLine(raw []byte, n int, b *netipx.IPSetBuilder) error {
	if n == 1 {
		raw = bytes.TrimPrefix(raw, []byte(byteOrderMark))
	}
	if n > maxDenyEntries {
		return fmt.Errorf("more than %d lines", maxDenyEntries)
	}
	r, err := ParseDeny(string(raw))
	switch {
	case errors.Is(err, errLevel):
		return nil
	case err != nil:
		return err
	case r.IsValid():
		b.AddRange(r)
	}
	return nil
}

// ParseDeny reads one line of a block list. A line without a range gives the
// zero range, which is not valid, and no error. IPv4 addresses in IPv6 clothes
// come out as IPv4.
func ParseDeny(line string) (netipx.IPRange, error) {
	bare, _, commented := strings.Cut(line, "#")
	bare = strings.TrimSpace(bare)
	if bare == "" {
		return netipx.IPRange{}, nil
	}
	r, err := parseEntry(bare)
	if err != nil && commented {
		// The "#" may belong to the name of a P2P line.
		if whole, err := parseEntry(strings.TrimSpace(line)); err == nil {
			return whole, nil
		}
	}
	return r, err
}

func parseEntry(s string) (netipx.IPRange, error) {
	if entry, level, ok := strings.Cut(s, ","); ok {
		if r, err := parseLevel(entry, level); r.IsValid() || errors.Is(err, errLevel) {
			return r, err
		}
	}
	if r := parseRange(s); r.IsValid() {
		return r, nil
	}
	// After a name only the form "a-b" counts: the tail of a misspelt IPv6
	// address would else pass for an address of its own.
	for _, rest, ok := strings.Cut(s, ":"); ok; _, rest, ok = strings.Cut(rest, ":") {
		if r := parseRange(rest); r.IsValid() && strings.Contains(rest, "-") {
			return r, nil
		}
	}
	return netipx.IPRange{}, fmt.Errorf("no address range in this line (%s)", wantedDeny)
}

// parseLevel reads the eMule form, whose second column is an access level.
func parseLevel(entry, rest string) (netipx.IPRange, error) {
	number, _, _ := strings.Cut(rest, ",")
	level, err := strconv.Atoi(strings.TrimSpace(number))
	r := parseRange(entry)
	if err == nil && r.IsValid() && level >= allowedLevel {
		return netipx.IPRange{}, errLevel
	}
	if err != nil {
		return netipx.IPRange{}, err
	}
	return r, nil
}

// parseRange reads "a/n", "a-b" or "a"; the zero range means none of them.
func parseRange(s string) netipx.IPRange {
	s = strings.TrimSpace(s)
	if p, err := netip.ParsePrefix(s); err == nil {
		return plainRange(netipx.RangeOfPrefix(p))
	}
	from, to, ok := strings.Cut(s, "-")
	if !ok {
		to = from
	}
	a, errA := parseAddr(from)
	b, errB := parseAddr(to)
	if errA != nil || errB != nil {
		return netipx.IPRange{}
	}
	return plainRange(netipx.IPRangeFrom(a, b))
}

// plainRange takes the IPv6 clothes off a range of IPv4 addresses.
func plainRange(r netipx.IPRange) netipx.IPRange {
	if r.From().Is4In6() && r.To().Is4In6() {
		return netipx.IPRangeFrom(r.From().Unmap(), r.To().Unmap())
	}
	return r
}

// parseAddr reads an address without zone. Numbers of an IPv4 address may be
// filled up with zeros, as ipfilter.dat does; they are decimal all the same.
func parseAddr(s string) (netip.Addr, error) {
	s = strings.TrimSpace(s)
	if !strings.Contains(s, ":") {
		parts := strings.Split(s, ".")
		for i := range parts {
			parts[i] = unfill(parts[i])
		}
		s = strings.Join(parts, ".")
	}
	a, err := netip.ParseAddr(s)
	if err == nil && a.Zone() != "" {
		return netip.Addr{}, errors.New("address with a zone")
	}
	return a, err
}

// unfill takes leading zeros off a number of up to three digits.
func unfill(digits string) string {
	for len(digits) > 1 && len(digits) <= 3 && digits[0] == '0' {
		digits = digits[1:]
	}
	return digits
}
