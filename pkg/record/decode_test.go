package record

import (
	"reflect"
	"testing"
)

func TestFieldsFitDecode(t *testing.T) {
	for name, p := range plans {
		if got := len(p.fields); got > maxFields {
			t.Errorf("kind %s has %d fields, want at most %d", name, got, maxFields)
		}
	}
}

// A record that is used again holds nothing of the line before.
func TestDecodeAgain(t *testing.T) {
	lines := []string{
		`{"type":"visit","v":1,"by":"a\\n","client":"x","have":3,"oddities":["p","q"],"messages":{"have":1},"complete":true}`,
		`{"type":"visit","v":1,"by":"a\n","client":"x","oddities":["r"],"messages":{"port":2}}`,
		`{"type":"visit","by":"a\\n","client":"\u0078"}`,
		`{"type":"visit"}`,
		`{"type":"visit","client":"x","client":"y","have":1,"have":null}`,
	}
	var again Visit
	var kept []string
	for _, text := range lines {
		line, err := ParseLine([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		var fresh Visit
		if err := line.Decode(&fresh); err != nil {
			t.Fatal(err)
		}
		if err := line.Decode(&again); err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(again, fresh) {
			t.Errorf("%s: got %+v, want %+v", text, again, fresh)
		}
		if kept == nil {
			kept = again.Oddities
		}
	}
	if want := []string{"p", "q"}; !reflect.DeepEqual(kept, want) {
		t.Errorf("a list that was kept has become %q, want %q", kept, want)
	}
}
