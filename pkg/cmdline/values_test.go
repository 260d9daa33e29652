package cmdline

import (
	"strings"
	"testing"

	"github.com/urfave/cli/v2"
)

// valued is a source with a flag of every sort that has bounds.
func valued() *Command {
	c := source(untilEOF, nil)
	c.Flags = []cli.Flag{
		&cli.IntFlag{Name: "slots", Aliases: []string{"j"}, Value: 5, EnvVars: []string{"BT_TEST_SLOTS"}},
		&cli.IntFlag{Name: "finishing", Value: -1},
		&cli.Int64Flag{Name: "bytes"},
		&cli.Uint64Flag{Name: "seed"},
		&cli.Float64Flag{Name: "rate", Value: 3},
		&cli.DurationFlag{Name: "timeout", Value: 1},
		&cli.DurationFlag{Name: "hold"},
	}
	return c
}

func TestValuesAreChecked(t *testing.T) {
	cases := map[string]struct{ line, people string }{
		"span without unit":   {"--for 10", `flag --for is "10", expected a time such as 90s or 24h`},
		"span in days":        {"--for=1d", `flag --for is "1d", expected a time such as 90s or 24h`},
		"for nothing":         {"--for 0", `flag --for is "0", expected a time longer than 0`},
		"for less":            {"--for -1s", `flag --for is "-1s", expected a time longer than 0`},
		"no timeout":          {"--timeout 0s", `flag --timeout is "0s", expected a time longer than 0`},
		"negative span":       {"--hold -1ns", `flag --hold is "-1ns", expected a time, at least 0`},
		"negative stats":      {"--stats -5m", `flag --stats is "-5m", expected a time, at least 0`},
		"span of 0":           {"--hold 0", ""},
		"stats of 0":          {"--stats 0", ""},
		"negative number":     {"--slots -1", `flag --slots is "-1", expected a whole number, at least 0`},
		"short name":          {"-j x", `flag -j is "x", expected a whole number, at least 0`},
		"short joined":        {"-j1.5", `flag -j is "1.5", expected a whole number, at least 0`},
		"one dash":            {"-slots=x", `flag --slots is "x", expected a whole number, at least 0`},
		"zero":                {"--slots 0", ""},
		"negative default":    {"--finishing -1", ""},
		"below it":            {"--finishing -2", `flag --finishing is "-2", expected a whole number, at least -1`},
		"negative bytes":      {"--bytes -1", `flag --bytes is "-1", expected a whole number, at least 0`},
		"negative seed":       {"--seed -1", `flag --seed is "-1", expected a whole number, at least 0`},
		"no number":           {"--rate NaN", `flag --rate is "NaN", expected a number, at least 0`},
		"endless number":      {"--rate +Inf", `flag --rate is "+Inf", expected a number, at least 0`},
		"negative rate":       {"--rate=-0.5", `flag --rate is "-0.5", expected a number, at least 0`},
		"rate in words":       {"--rate much", `flag --rate is "much", expected a number, at least 0`},
		"rate":                {"--rate 0.5", ""},
		"switch with a value": {"--once=maybe", `flag --once is "maybe", expected true or false`},
		"help all the same":   {"--rate much --version", ""},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			got := try(t, valued(), strings.NewReader(""), strings.Fields(c.line)...)
			code, people := 0, ""
			if c.people != "" {
				code, people = ExitUsage, "bt-test: "+c.people+"\nbt-test: hint: bt-test --help shows the flags\n"
			}
			if got.code != code || got.people != people {
				t.Errorf("exit %d, %q; want %d, %q", got.code, got.people, code, people)
			}
		})
	}
}

func TestValuesOfTheEnvironmentAreChecked(t *testing.T) {
	cases := map[string]struct{ name, value, people string }{
		"switch":          {"BT_ONCE", "maybe", `environment variable BT_ONCE is "maybe", expected true or false`},
		"span":            {"BT_FOR", "10", `environment variable BT_FOR is "10", expected a time such as 90s or 24h`},
		"for nothing":     {"BT_FOR", "0s", `environment variable BT_FOR is "0s", expected a time longer than 0`},
		"negative number": {"BT_TEST_SLOTS", "-4", `environment variable BT_TEST_SLOTS is "-4", expected a whole number, at least 0`},
		"empty":           {"BT_ONCE", "", ""},
		"good":            {"BT_ONCE", "1", ""},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Setenv(c.name, c.value)
			got := try(t, valued(), strings.NewReader(""))
			if c.people == "" && (got.code != 0 || got.people != "") {
				t.Errorf("exit %d, %q; want 0 and nothing", got.code, got.people)
			}
			if c.people != "" && (got.code != ExitUsage || !strings.HasPrefix(got.people, "bt-test: "+c.people+"\n")) {
				t.Errorf("exit %d, %q; want %d, %q", got.code, got.people, ExitUsage, c.people)
			}
		})
	}
}
