package schema

import (
	"fmt"
	"strings"
)

// intro is the part of bt-record(5) that does not depend on the kinds.
const intro = `The commands of btkit exchange records: one JSON object per line, UTF-8, at most 4096 bytes for the
records that they write themselves, written by one write(2). Readers accept lines of up to 1 MiB, CRLF, empty lines and a missing
final newline.

What a command does not understand it passes on as it came, byte for byte: kinds it does not know, members it does not
know, big numbers, the order of members. A filter that adds something adds one member named after itself, such as "geo".

An absent member means "not known", never zero. Numbers are integers below 2^53 or decimals. Names carry units: took_ms is in
milliseconds, piece_bytes in bytes, rate_bps in bytes per second. Hashes and ids are lower-case hex. Text from strangers is valid
UTF-8 without control characters and at most 128 characters long; when that changed it, the raw bytes stand beside it in hex.

A line that is not a JSON object, or is of a known kind with a member of the wrong type, is rejected: it is reported with its number,
counted in the end record and written to the file named by --rejects, and the run goes on.

Members may be added to a kind at any time; v grows only when an old reader would draw a wrong conclusion.`

// Man is the source of bt-record(5). roff escapes text for a man page.
func Man(version string, roff func(string) string) (string, error) {
	kinds, err := Kinds()
	if err != nil {
		return "", err
	}
	var b strings.Builder
	fmt.Fprintf(&b, ".TH BT-RECORD 5 \"\" \"btkit %s\" \"btkit\"\n.SH NAME\nbt-record \\- the lines that the commands of btkit exchange\n", version)
	b.WriteString(".SH DESCRIPTION\n")
	for _, paragraph := range strings.Split(intro, "\n\n") {
		b.WriteString(".PP\n" + roff(oneLine(paragraph)) + "\n")
	}
	b.WriteString(".SH COMMON MEMBERS\nThey stand first in every record, in this order.\n")
	common := kinds[0].Members[:headerMembers]
	for _, m := range common {
		m.man(&b, roff)
	}
	b.WriteString(".SH KINDS\n")
	for _, k := range kinds {
		fmt.Fprintf(&b, ".SS %s\n%s\n", roff(k.Name), roff(k.Doc))
		for _, m := range k.Members[headerMembers:] {
			m.man(&b, roff)
		}
	}
	b.WriteString(".SH SEE ALSO\nbt(1), bt\\-probe(1), bt\\-store(1)\n")
	return b.String(), nil
}

// headerMembers is the number of members that all kinds begin with.
const headerMembers = 6

func (m Member) man(b *strings.Builder, roff func(string) string) {
	typ := m.Type
	if m.Integer {
		typ = "integer"
	}
	if m.Optional {
		typ += ", if known"
	}
	fmt.Fprintf(b, ".TP\n\\fB%s\\fR (%s)\n%s\n", roff(m.Name), roff(typ), roff(m.Doc))
}
