package benc

import (
	"errors"
	"strings"
	"testing"
)

func TestCheckAccepts(t *testing.T) {
	tests := []struct {
		name, in string
		n        int
		odd      Oddities
	}{
		{"integer", "i42e", 4, 0},
		{"negative", "i-42e", 5, 0},
		{"zero", "i0e", 3, 0},
		{"smallest", "i-9223372036854775808e", 22, 0},
		{"largest", "i9223372036854775807e", 21, 0},
		{"string", "4:spam", 6, 0},
		{"empty string", "0:", 2, 0},
		{"empty list", "le", 2, 0},
		{"empty dictionary", "de", 2, 0},
		{"list in dictionary", "d1:ali1e2:xyee", 14, 0},
		{"bytes after the value", "d1:ai1ee\x00\x01block", 8, 0},
		{"key that looks like an end", "d1:ei1ee", 8, 0},
		{"unsorted keys", "d1:bi1e1:ai2ee", 14, UnsortedKeys},
		{"same key twice in a row", "d1:ai1e1:ai2ee", 14, DuplicateKeys},
		{"same key twice, apart", "d1:ai1e1:bi1e1:ai2ee", 20, UnsortedKeys | DuplicateKeys},
		{"same key in two dictionaries", "d1:ad1:xi1ee1:bd1:xi1eee", 24, 0},
		{"oddity deep inside", "ld1:bi1e1:ai2eee", 16, UnsortedKeys},
		{"depth at the limit", strings.Repeat("l", 32) + strings.Repeat("e", 32), 64, 0},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			n, odd, err := Check([]byte(test.in), Limits{})
			if err != nil || n != test.n || odd != test.odd {
				t.Errorf("Check(%q) = %d, %v, %v; want %d, %v, nil", test.in, n, odd, err, test.n, test.odd)
			}
		})
	}
}

func TestCheckRefuses(t *testing.T) {
	tests := []struct {
		name, in string
		offset   int
		want     string
		limit    bool
	}{
		{"nothing", "", 0, "a value", false},
		{"no bencode", "hello", 0, "a value", false},
		{"only an end", "e", 0, "a value", false},
		{"integer cut", "i4", 2, "a digit or e", false},
		{"integer empty", "ie", 1, "a digit", false},
		{"only a minus", "i-e", 2, "a digit", false},
		{"minus zero", "i-0e", 1, "without a minus", false},
		{"leading zero", "i007e", 1, "leading zeros", false},
		{"leading zero below zero", "i-07e", 2, "leading zeros", false},
		{"plus", "i+1e", 1, "a digit", false},
		{"one above 64 bits", "i9223372036854775808e", 1, "64 bits", false},
		{"too many digits", "i" + strings.Repeat("9", 21) + "e", 1, "20 digits", false},
		{"string longer than what follows", "5:spam", 0, "at most 4 bytes", false},
		{"string of a gigabyte", "999999999:a", 0, "at most 1 bytes", false},
		{"length beyond 64 bits", "99999999999999999999:a", 0, "at most 1 bytes", false},
		{"length with a leading zero", "03:abc", 0, "leading zeros", false},
		{"length without colon", "3abc", 1, "a colon", false},
		{"negative length", "-1:a", 0, "a value", false},
		{"list open", "li1e", 4, "end of the list", false},
		{"dictionary open", "d1:ai1e", 7, "end of the dictionary", false},
		{"key without value", "d1:ae", 4, "a value", false},
		{"integer as key", "di1ei2ee", 1, "a key", false},
		{"too deep", strings.Repeat("l", 33), 32, "32 levels", true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, _, err := Check([]byte(test.in), Limits{})
			var syntax *SyntaxError
			if !errors.As(err, &syntax) {
				t.Fatalf("Check(%q) = %v; want a SyntaxError", test.in, err)
			}
			if syntax.Offset != test.offset || !strings.Contains(syntax.Want, test.want) || syntax.Limit != test.limit {
				t.Errorf("Check(%q) = %v, limit %v; want offset %d, %q, limit %v",
					test.in, err, syntax.Limit, test.offset, test.want, test.limit)
			}
		})
	}
}

func TestCheckCountsNodes(t *testing.T) {
	in := []byte("l" + strings.Repeat("i1e", 5) + "e")
	if _, _, err := Check(in, Limits{Nodes: 6}); err != nil {
		t.Errorf("6 values with a limit of 6: %v; want nil", err)
	}
	_, _, err := Check(in, Limits{Nodes: 5})
	var syntax *SyntaxError
	if !errors.As(err, &syntax) || !syntax.Limit || syntax.Offset != 13 {
		t.Errorf("6 values with a limit of 5: %v; want the limit at byte 13", err)
	}
}

func TestOddityNames(t *testing.T) {
	got := strings.Join((UnsortedKeys | DuplicateKeys).Strings(), " ")
	if want := "unsorted-keys duplicate-keys"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
