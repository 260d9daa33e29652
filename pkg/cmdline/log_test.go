package cmdline

import (
	"bytes"
	"encoding/json"
	"errors"
	"testing"
)

func TestLogFormats(t *testing.T) {
	cases := map[string]struct {
		verbose, quiet bool
		want           string
	}{
		"ordinary": {want: "bt-test: warned (port 9)\nbt-test: failed\n"},
		"verbose":  {verbose: true, want: "bt-test: done (a b, n 1)\nbt-test: warned (port 9)\nbt-test: failed\n"},
		"quiet":    {quiet: true, want: "bt-test: failed\n"},
	}
	for name, c := range cases {
		var out bytes.Buffer
		log, err := newLog("bt-test", &out, "text", c.verbose, c.quiet)
		if err != nil {
			t.Fatal(err)
		}
		log.With("a", "b").Info("done", "n", 1)
		log.Warn("warned", "port", 9)
		log.Error("failed")
		if got := out.String(); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

func TestLogAsJSON(t *testing.T) {
	var out bytes.Buffer
	log, err := newLog("bt-test", &out, "json", false, false)
	if err != nil {
		t.Fatal(err)
	}
	log.Warn("line 7 rejected", "bytes", 5)
	var got struct {
		Level, Msg, By string
		Bytes          int
	}
	if err := json.Unmarshal(out.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	if got.Level != "WARN" || got.Msg != "line 7 rejected" || got.By != "bt-test" || got.Bytes != 5 {
		t.Errorf("%s, want level, message, command and attribute", out.String())
	}
}

func TestLogRefusesOtherFormats(t *testing.T) {
	var usage *UsageError
	if _, err := newLog("bt-test", nil, "xml", false, false); !errors.As(err, &usage) {
		t.Errorf("format xml: %v, want a UsageError", err)
	}
}
