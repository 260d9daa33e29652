package cmdline

import (
	"fmt"
	"math"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/urfave/cli/v2"
)

// neverZero are the spans that nobody can want to be nothing, in any command.
var neverZero = []string{"for", "timeout"}

// checkValues refuses values that a flag cannot have, on the command line and
// in the environment. Numbers and spans begin at 0, or at a flag's default if
// that is negative.
func (a *arranged) checkValues(flags []cli.Flag) error {
	for _, f := range flags {
		if err := checkEnvironment(f); err != nil {
			return err
		}
	}
	byName := flagsByName(flags)
	for i := 0; i < len(a.flags); i++ {
		name, value, joined := strings.Cut(strings.TrimLeft(a.flags[i], "-"), "=")
		f := byName[name]
		if !joined && isSwitch(f) {
			continue
		}
		if !joined {
			i++
			value = a.flags[i]
		}
		if want := expected(f, value); want != "" {
			return Usagef("flag %s is %q, expected %s", typed([]string{name})[0], value, want)
		}
	}
	return nil
}

// checkEnvironment looks at the variable that would set the flag. An empty one
// sets nothing.
func checkEnvironment(f cli.Flag) error {
	doc, ok := f.(cli.DocGenerationFlag)
	if !ok {
		return nil
	}
	for _, name := range doc.GetEnvVars() {
		value := os.Getenv(name)
		if value == "" {
			continue
		}
		if want := expected(f, value); want != "" {
			return &UsageError{Err: fmt.Errorf("environment variable %s is %q, expected %s", name, value, want),
				Hint: fmt.Sprintf("it stands for the flag %s; unset %s ignores it", typed(f.Names()[:1])[0], name)}
		}
	}
	return nil
}

// expected says what a value should have been, or nothing if it is fine.
func expected(f cli.Flag, value string) string {
	switch f := f.(type) {
	case *cli.BoolFlag:
		if _, err := strconv.ParseBool(value); err != nil {
			return "true or false"
		}
	case *cli.DurationFlag:
		return expectedSpan(f, value)
	case *cli.IntFlag:
		return expectedWhole(int64(f.Value), value)
	case *cli.Int64Flag:
		return expectedWhole(f.Value, value)
	case *cli.Uint64Flag:
		if _, err := strconv.ParseUint(value, 0, 64); err != nil {
			return "a whole number, at least 0"
		}
	case *cli.Float64Flag:
		least := min(0, f.Value)
		n, err := strconv.ParseFloat(value, 64)
		if err != nil || math.IsNaN(n) || math.IsInf(n, 0) || n < least {
			return fmt.Sprintf("a number, at least %v", least)
		}
	}
	return ""
}

func expectedSpan(f *cli.DurationFlag, value string) string {
	d, err := time.ParseDuration(value)
	switch {
	case err != nil:
		return "a time such as 90s or 24h"
	case d <= 0 && slices.Contains(neverZero, f.Name):
		return "a time longer than 0"
	case d < min(0, f.Value):
		return "a time, at least 0"
	}
	return ""
}

func expectedWhole(deflt int64, value string) string {
	least := min(0, deflt)
	if n, err := strconv.ParseInt(value, 0, 64); err != nil || n < least {
		return fmt.Sprintf("a whole number, at least %d", least)
	}
	return ""
}
