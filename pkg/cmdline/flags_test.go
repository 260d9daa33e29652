package cmdline

import (
	"errors"
	"reflect"
	"strings"
	"testing"

	"github.com/urfave/cli/v2"
)

// sample has a flag of every sort.
func sample() []cli.Flag {
	return append([]cli.Flag{
		&cli.IntFlag{Name: "slots", Aliases: []string{"j"}, Value: 512, Usage: "talk to `N` peers"},
		&cli.StringSliceFlag{Name: "address", Aliases: []string{"a"}, Usage: "listen on `ADDRESS`"},
		&cli.BoolFlag{Name: "4", Usage: "IPv4 only"},
		&cli.StringFlag{Name: "state", Usage: "keep it's state in `FILE`"},
	}, commonFlags(Source)...)
}

func TestArrange(t *testing.T) {
	cases := map[string]struct {
		line, flags, args string
		raw               bool
	}{
		"flags in front":              {line: "-j 4 x", flags: "-j 4", args: "x"},
		"flags behind":                {line: "x --once y -j 4", flags: "--once -j 4", args: "x y"},
		"joined":                      {line: "x -j=4 --slots=5", flags: "-j=4 --slots=5", args: "x"},
		"joined short value":          {line: "-j4 x", flags: "-j=4", args: "x"},
		"joined short text":           {line: "-a[::1]:80", flags: "-a=[::1]:80"},
		"switches in one word":        {line: "-qv", flags: "-q -v"},
		"switch and value":            {line: "-qj 4", flags: "-q -j 4"},
		"switch and joined value":     {line: "-qj4 x", flags: "-q -j=4", args: "x"},
		"switch and joined with sign": {line: "-qj=4", flags: "-q -j=4"},
		"digit":                       {line: "-4 x", flags: "-4", args: "x"},
		"long with one dash":          {line: "-once", flags: "-once"},
		"value that looks like one":   {line: "--state --once x", flags: "--state --once", args: "x"},
		"negative value":              {line: "-j -1", flags: "-j -1"},
		"two dashes":                  {line: "x -- --once -j", args: "x --once -j"},
		"second two dashes":           {line: "-- -- x", args: "-- x"},
		"one dash":                    {line: "- --once", flags: "--once", args: "-"},
		"raw":                         {line: "--once x --slots", flags: "--once", args: "x --slots", raw: true},
		"raw behind dashes":           {line: "-- x -j", args: "x -j", raw: true},
		"nothing":                     {},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			got, err := arrange(strings.Fields(c.line), sample(), c.raw)
			if err != nil {
				t.Fatal(err)
			}
			if flags := strings.Join(got.flags, " "); flags != c.flags {
				t.Errorf("flags %q, want %q", flags, c.flags)
			}
			if args := strings.Join(got.args, " "); args != c.args {
				t.Errorf("arguments %q, want %q", args, c.args)
			}
		})
	}
}

func TestArrangeLeavesTheGivenLineAlone(t *testing.T) {
	line := []string{"-qv", "x", "-j4", "y"}
	before := append([]string(nil), line...)
	if _, err := arrange(line, sample(), false); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(line, before) {
		t.Errorf("the line became %q, want %q", line, before)
	}
}

func TestArrangeRefuses(t *testing.T) {
	cases := map[string]struct{ line, err, hint string }{
		"misspelled":        {"--slot 4", "unknown flag --slot", "did you mean --slots?"},
		"misspelled switch": {"x --onc", "unknown flag --onc", "did you mean --once?"},
		"joined":            {"--slot=4", "unknown flag --slot=4", "did you mean --slots?"},
		"far from all":      {"--zzzzzzzz", "unknown flag --zzzzzzzz", ""},
		"short":             {"-z", "unknown flag -z", ""},
		"short among known": {"-qz", "unknown flag -qz", ""},
		"two of one length": {"--fog", "unknown flag --fog", "did you mean --for?"},
		"without value":     {"x -j", "flag -j needs a value", ""},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			_, err := arrange(strings.Fields(c.line), sample(), false)
			var usage *UsageError
			if !errors.As(err, &usage) {
				t.Fatalf("error %v, want a UsageError", err)
			}
			if usage.Error() != c.err || usage.Hint != c.hint {
				t.Errorf("%q with hint %q, want %q with %q", usage.Error(), usage.Hint, c.err, c.hint)
			}
		})
	}
}

func TestEditDistance(t *testing.T) {
	cases := []struct {
		a, b string
		want int
	}{
		{"", "", 0}, {"abc", "", 3}, {"", "abc", 3}, {"abc", "abc", 0}, {"abc", "abd", 1}, {"abc", "ac", 1}, {"ac", "abc", 1}, {"kitten", "sitting", 3},
	}
	for _, c := range cases {
		if got := editDistance(c.a, c.b); got != c.want {
			t.Errorf("editDistance(%q, %q) = %d, want %d", c.a, c.b, got, c.want)
		}
	}
}

func TestShowIsNotFooledByValues(t *testing.T) {
	cases := map[string]struct {
		line string
		want bool
	}{
		"help":              {"--help", true},
		"short help":        {"x -h", true},
		"version":           {"-V", true},
		"value of a flag":   {"--state --help", false},
		"argument":          {"-- --help", false},
		"completion":        {"--completion bash", true},
		"joined completion": {"--completion=fish", true},
		"nothing":           {"x", false},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			a, err := arrange(strings.Fields(c.line), sample(), false)
			if err != nil {
				t.Fatal(err)
			}
			if text, ok := a.show(&Command{Name: "bt-test"}, sample()); ok != c.want || ok != (text != "") {
				t.Errorf("shows %v %q, want %v", ok, text, c.want)
			}
		})
	}
}
