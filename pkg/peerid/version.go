package peerid

import (
	"strconv"
	"strings"
)

// coded is a client with a two-character code in Azureus style.
type coded struct {
	code    string
	client  string
	version rule
}

// prefix is a client that is known by a text at a place of its ids.
type prefix struct {
	offset  int
	literal string
	client  string
}

// rule is how a client writes its version into the four characters after its
// code. Digits go on with letters: A is 10, a is 36.
type rule uint8

const (
	none         rule = iota
	four              // d.d.d.d
	three             // d.d.d, the fourth means nothing
	twoTwo            // dd.dd
	skipOneTwo        // the first means nothing, then d.dd
	oneThree          // d.ddd
	transmission      // 000x is 0.x, 00xx is 0.xx, from 4 on d.d.d, else d.dd; X and Z add "+"
	utorrent          // d.d.d and a letter for the stage
	ktorrent          // d.d.d, or d.d, R or D, number of the candidate
	webtorrent        // dd.dd without leading zeros
)

// read gives "" for four characters that do not follow the rule.
func (r rule) read(v []byte) string {
	switch r {
	case four:
		return valueDots(v)
	case three:
		return valueDots(v[:3])
	case utorrent:
		return withStage(valueDots(v[:3]), v[3])
	case ktorrent:
		return ktorrentVersion(v)
	case transmission:
		return transmissionVersion(string(v))
	}
	if r == none || !digits(v) {
		return ""
	}
	return decimal(r, string(v))
}

// decimal reads the rules that know nothing but digits.
func decimal(r rule, v string) string {
	switch r {
	case twoTwo:
		return unpad(v[:2]) + "." + v[2:]
	case skipOneTwo:
		return v[1:2] + "." + v[2:]
	case oneThree:
		return v[:1] + "." + v[1:]
	case webtorrent:
		return unpad(v[:2]) + "." + unpad(v[2:])
	}
	return ""
}

func withStage(version string, stage byte) string {
	if version == "" {
		return ""
	}
	switch stage {
	case 'B', 'b':
		return version + " beta"
	case 'A':
		return version + " alpha"
	case 'd':
		return version + " debug"
	case 'X', 'Z', 'x':
		return version + " dev"
	}
	return version
}

func ktorrentVersion(v []byte) string {
	version := valueDots(v[:3])
	number := value(v[3])
	if version == "" || number < 0 {
		return version
	}
	switch v[2] {
	case 'R':
		return valueDots(v[:2]) + " rc" + strconv.Itoa(number)
	case 'D':
		return valueDots(v[:2]) + " dev" + strconv.Itoa(number)
	}
	return version
}

func transmissionVersion(v string) string {
	switch {
	case v[:3] == "000" && digits([]byte(v[3:])):
		return "0." + v[3:]
	case v[:2] == "00" && digits([]byte(v[2:])):
		return "0." + v[2:]
	}
	version := ""
	if v[0] >= '4' && v[0] <= '9' && valueDots([]byte(v[:3])) != "" {
		version = valueDots([]byte(v[:3]))
	} else if digits([]byte(v[:3])) {
		version = v[:1] + "." + v[1:3]
	}
	if version != "" && (v[3] == 'X' || v[3] == 'Z') {
		version += "+"
	}
	return version
}

// value of a version character, -1 for none.
func value(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c >= 'A' && c <= 'Z':
		return int(c-'A') + 10
	case c >= 'a' && c <= 'z':
		return int(c-'a') + 36
	}
	return -1
}

// valueDots joins the values of version characters, "" when one has none.
func valueDots(v []byte) string {
	numbers := make([]int, len(v))
	for i, c := range v {
		if numbers[i] = value(c); numbers[i] < 0 {
			return ""
		}
	}
	return dots(numbers...)
}

func dots(numbers ...int) string {
	parts := make([]string, len(numbers))
	for i, n := range numbers {
		parts[i] = strconv.Itoa(n)
	}
	return strings.Join(parts, ".")
}

func twoDigits(n int) string {
	if n < 10 {
		return "0" + strconv.Itoa(n)
	}
	return strconv.Itoa(n)
}

// unpad takes the leading zeros off a number, but for the last.
func unpad(s string) string {
	for len(s) > 1 && s[0] == '0' {
		s = s[1:]
	}
	return s
}

func digits(b []byte) bool {
	for _, c := range b {
		if c < '0' || c > '9' {
			return false
		}
	}
	return true
}

// printable leaves the blank out.
func printable(c byte) bool { return c > ' ' && c < 0x7f }
