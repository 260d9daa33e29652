package cmdline

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"github.com/urfave/cli/v2"
)

func TestBinds(t *testing.T) {
	for name, test := range map[string]struct {
		line, variable string
		want, people   string
	}{
		"none":             {want: "[] of []"},
		"one":              {line: "--bind 127.0.0.1", want: "[127.0.0.1] of [127.0.0.1]"},
		"first of each":    {line: "--bind 127.0.0.2 --bind 127.0.0.1", want: "[127.0.0.2] of [127.0.0.2 127.0.0.1]"},
		"commas":           {line: "--bind 127.0.0.2,127.0.0.1", want: "[127.0.0.2] of [127.0.0.2 127.0.0.1]"},
		"variable":         {variable: "127.0.0.2, 127.0.0.1", want: "[127.0.0.2] of [127.0.0.2 127.0.0.1]"},
		"flag before it":   {line: "--bind 127.0.0.3", variable: "127.0.0.2", want: "[127.0.0.3] of [127.0.0.3]"},
		"IPv4 in IPv6":     {line: "--bind ::ffff:127.0.0.1", want: "[127.0.0.1] of [127.0.0.1]"},
		"no address":       {line: "--bind here", people: `flag --bind is "here", expected an address such as 192.0.2.7 or 2001:db8::7`},
		"nothing":          {line: "--bind=", people: `flag --bind is "", expected an address such as 192.0.2.7 or 2001:db8::7`},
		"of somebody else": {line: "--bind 192.0.2.7", people: "hint: --bind names addresses of this host"},
		"second is theirs": {line: "--bind 127.0.0.1 --bind 192.0.2.7", want: "[127.0.0.1] of [127.0.0.1 192.0.2.7]"},
	} {
		t.Run(name, func(t *testing.T) {
			if test.variable != "" {
				t.Setenv("BT_BIND", test.variable)
			}
			var first, all []netip.Addr
			c := source(untilEOF, nil)
			c.Flags = []cli.Flag{Bind}
			inner := c.Run
			c.Run = func(s *Session) (err error) {
				if all, err = s.AllBinds(); err != nil {
					return err
				}
				if first, err = s.Binds(); err != nil {
					return err
				}
				return inner(s)
			}
			got := try(t, c, strings.NewReader(""), strings.Fields(test.line)...)
			if !strings.Contains(got.people, test.people) || (got.code == 0) != (test.people == "") {
				t.Errorf("exit %d, told %q, want %q", got.code, got.people, test.people)
			}
			if found := fmt.Sprintf("%v of %v", first, all); test.want != "" && found != test.want {
				t.Errorf("got %s, want %s", found, test.want)
			}
		})
	}
}
