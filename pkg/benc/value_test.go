package benc

import (
	"fmt"
	"strings"
	"testing"
)

func parse(t *testing.T, in string) Value {
	t.Helper()
	v, rest, _, err := Parse([]byte(in), Limits{})
	if err != nil || len(rest) != 0 {
		t.Fatalf("Parse(%q): %v, rest %q", in, err, rest)
	}
	return v
}

func TestValueOfWrongKindIsAbsent(t *testing.T) {
	for _, in := range []string{"i1e", "1:a", "li1ee", "d1:ai1ee", ""} {
		t.Run(in, func(t *testing.T) {
			var v Value
			if in != "" {
				v = parse(t, in)
			}
			_, isInt := v.Int()
			_, isBytes := v.Bytes()
			items, pairs := 0, 0
			for range v.List() {
				items++
			}
			for range v.Dict() {
				pairs++
			}
			got := fmt.Sprint(isInt, isBytes, items, pairs, v.Get("a").Kind() != Absent)
			kind := v.Kind()
			want := fmt.Sprint(kind == Integer, kind == String, b2i(kind == List), b2i(kind == Dict), kind == Dict)
			if got != want {
				t.Errorf("%q: got %s, want %s", in, got, want)
			}
		})
	}
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}

func TestValueReadsWhatIsThere(t *testing.T) {
	v := parse(t, "d1:ai-7e1:bl4:spam0:e1:cd1:xi1eee")
	if n, ok := v.Get("a").Int(); n != -7 || !ok {
		t.Errorf("a = %d, %v; want -7, true", n, ok)
	}
	var items []string
	for item := range v.Get("b").List() {
		items = append(items, item.Text())
	}
	if got := strings.Join(items, ","); got != "spam," {
		t.Errorf("b = %q; want %q", got, "spam,")
	}
	if got := string(v.Get("c").Raw()); got != "d1:xi1ee" {
		t.Errorf("c = %q; want %q", got, "d1:xi1ee")
	}
	if got := v.Get("c").Get("x").Offset(); got != 28 {
		t.Errorf("c.x stands at byte %d; want 28", got)
	}
	if n, _ := v.Get("c").Get("x").Int(); n != 1 {
		t.Errorf("c.x = %d; want 1", n)
	}
}

func TestFirstOfRepeatedKeysCounts(t *testing.T) {
	tests := []struct{ name, in, want string }{
		{"in a row", "d1:ai1e1:ai2ee", "a=i1e"},
		{"apart", "d1:bi1e1:ci2e1:bi3e1:ai4e1:ai5ee", "b=i1e c=i2e a=i4e"},
		{"sorted", "d1:ai1e1:bi2ee", "a=i1e b=i2e"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			v := parse(t, test.in)
			var pairs []string
			for key, value := range v.Dict() {
				pairs = append(pairs, fmt.Sprintf("%s=%s", key, value.Raw()))
				if got := string(v.Get(string(key)).Raw()); got != string(value.Raw()) {
					t.Errorf("Get(%q) = %s; want %s as in Dict", key, got, value.Raw())
				}
			}
			if got := strings.Join(pairs, " "); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

func TestParseGivesRest(t *testing.T) {
	v, rest, _, err := Parse([]byte("d8:msg_typei1eeBLOCK"), Limits{})
	if err != nil || string(rest) != "BLOCK" {
		t.Fatalf("rest %q, %v; want BLOCK", rest, err)
	}
	if n, _ := v.Get("msg_type").Int(); n != 1 {
		t.Errorf("msg_type = %d; want 1", n)
	}
}

func TestDecode(t *testing.T) {
	var into struct {
		A int64      `bencode:"a"`
		B []string   `bencode:"b"`
		C RawMessage `bencode:"c"`
	}
	rest, odd, err := Decode([]byte("d1:bl1:x1:ye1:ai1e1:ai2e1:cd1:qi1eeeTAIL"), &into, Limits{})
	if err != nil {
		t.Fatal(err)
	}
	got := fmt.Sprintf("%d %v %s %s %v", into.A, into.B, into.C, rest, odd.Strings())
	if want := "1 [x y] d1:qi1ee TAIL [unsorted-keys duplicate-keys]"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if _, _, err := Decode([]byte("999999999:a"), new(string), Limits{}); err == nil {
		t.Error("a string longer than the input: got nil, want an error")
	}
}

func TestEncode(t *testing.T) {
	got, err := Encode(map[string]any{"b": RawMessage("d1:zi1e1:ai2ee"), "a": 1})
	if want := "d1:ai1e1:bd1:zi1e1:ai2eee"; err != nil || string(got) != want {
		t.Errorf("got %s, %v; want %s", got, err, want)
	}
}
