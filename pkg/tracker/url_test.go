package tracker

import (
	"reflect"
	"testing"

	"btkit/pkg/outcome"
)

func TestNormalize(t *testing.T) {
	for _, c := range []struct{ raw, want string }{
		{"HTTP://Tracker.Example.COM:80/Announce?Key=A", "http://tracker.example.com/Announce?Key=A"},
		{"https://t.example.:443/announce", "https://t.example/announce"},
		{"https://t.example:80/announce", "https://t.example:80/announce"},
		{"udp://T.example:6969", "udp://t.example:6969"},
		{"http://[2001:DB8::1]:6969/announce", "http://[2001:db8::1]:6969/announce"},
		{" http://t/a%20b#top\n", "http://t/a%20b"},
		{"http://me:secret@t/announce", "http://me:secret@t/announce"},
		{"udp://t.example/announce", ""},
		{"udp://t.example:0/announce", ""},
		{"http://t.example:70000/announce", ""},
		{"http:///announce", ""},
		{"http://a b/announce", ""},
		{"wss://t.example/announce", ""},
		{"http://[fe80::1%25eth0]/announce", ""},
		{"http://[nonsense]/announce", ""},
		{"announce", ""},
	} {
		got, err := Normalize(c.raw)
		if got != c.want || (err == nil) != (c.want != "") {
			t.Errorf("Normalize(%q) = %q, %v; want %q", c.raw, got, err, c.want)
		}
		if err != nil && outcome.Of(err) != outcome.Unsupported {
			t.Errorf("Normalize(%q): outcome %s, want %s", c.raw, outcome.Of(err), outcome.Unsupported)
		}
	}
}

func TestRedact(t *testing.T) {
	for raw, want := range map[string]string{
		"http://me:secret@t.example/announce": "http://t.example/announce",
		"http://me:s@cret@t.example?x=a@b":    "http://t.example?x=a@b",
		"udp://t.example:1/a@b":               "udp://t.example:1/a@b",
	} {
		if got := Redact(raw); got != want {
			t.Errorf("Redact(%q) = %q, want %q", raw, got, want)
		}
	}
}

func TestQueryOfBaseStaysInFront(t *testing.T) {
	for base, want := range map[string]string{
		"http://t/a":        "http://t/a?q",
		"http://t/a?k=v%00": "http://t/a?k=v%00&q",
		"http://t/a b?c d":  "http://t/a%20b?c%20d&q",
		"http://t/a#part":   "http://t/a?q",
	} {
		if got := extend(base, "q"); got != want {
			t.Errorf("extend(%q) = %q, want %q", base, got, want)
		}
	}
}

func TestFamilies(t *testing.T) {
	both := []Family{IPv4, IPv6}
	for raw, want := range map[string][]Family{
		"http://t.example/announce":           both,
		"http://127.0.0.1/announce":           {IPv4},
		"udp://[::1]:1":                       {IPv6},
		"http://[::ffff:192.0.2.1]/announce":  {IPv4},
		"http://user@[2001:db8::1]/announce2": {IPv6},
	} {
		if got := Families(raw, both); !reflect.DeepEqual(got, want) {
			t.Errorf("Families(%q) = %v, want %v", raw, got, want)
		}
	}
	if got := Families("udp://[::1]:1", []Family{IPv4}); got != nil {
		t.Errorf("an IPv6 tracker over IPv4 only: got %v, want none", got)
	}
}

func TestFlatten(t *testing.T) {
	got, bad := Flatten([][]string{{"http://a/announce", "HTTP://A:80/announce"}, {"wss://b", "udp://c:1"}})
	if want := []string{"http://a/announce", "udp://c:1"}; !reflect.DeepEqual(got, want) || !reflect.DeepEqual(bad, []string{"wss://b"}) {
		t.Errorf("got %v and %v bad, want %v and wss://b", got, bad, want)
	}
}

func TestBatch(t *testing.T) {
	for url, want := range map[string]int{"udp://t:1": UDPBatch, "http://t/announce": HTTPBatch, "http://t/a": 0, "nonsense": 0} {
		if got := Batch(url); got != want {
			t.Errorf("Batch(%q) = %d, want %d", url, got, want)
		}
	}
}
