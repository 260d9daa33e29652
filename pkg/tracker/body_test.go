package tracker

import (
	"bytes"
	"compress/gzip"
	"compress/zlib"
	"encoding/hex"
	"errors"
	"fmt"
	"net/netip"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"btkit/pkg/outcome"
)

func TestAnnounceBodies(t *testing.T) {
	all := load(t).HTTP
	if len(all) != 32 {
		t.Fatalf("%d vectors, want 32", len(all))
	}
	for _, v := range all {
		t.Run(v.Name, func(t *testing.T) {
			r := ParseAnnounce(unhex(t, v.Body), "", nil)
			if six, ok := v.Expect["peers6"].([]any); ok { // a reply has one list
				v.Expect["peers"] = append(v.Expect["peers"].([]any), six...)
				delete(v.Expect, "peers6")
			}
			for member, want := range v.Expect {
				if got := tell(r, member); got != spell(member, want) {
					t.Errorf("%s is %s, want %s", member, got, spell(member, want))
				}
			}
		})
	}
}

func TestCryptoFlags(t *testing.T) {
	const peers = "5:peers18:\xc0\x00\x02\x01\x00\x01\xc0\x00\x02\x02\x00\x02\x0a\x00\x00\x01\x00\x03"
	for _, c := range []struct{ name, flags, want, odd string }{
		{"none", "", "map[]", "[]"},
		{"a byte for each", "12:crypto_flags3:\x00\x01\x01", "map[10.0.0.1:3:true 192.0.2.2:2:true]", "[]"},
		{"nobody needs it", "12:crypto_flags3:\x00\x00\x00", "map[]", "[]"},
		{"too few", "12:crypto_flags2:\x01\x01", "map[]", "[bad-crypto-flags]"},
		{"no string", "12:crypto_flagsi1e", "map[]", "[bad-crypto-flags]"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := ParseAnnounce([]byte("d"+c.flags+"8:intervali900e"+peers+"e"), "", nil)
			if got, odd := fmt.Sprint(r.Encrypted), fmt.Sprint(r.Oddities); got != c.want || odd != c.odd || len(r.Peers) != 3 {
				t.Errorf("got %s, %s and %d peers (%v); want %s, %s and 3", got, odd, len(r.Peers), r.Err, c.want, c.odd)
			}
		})
	}
	r := ParseAnnounce([]byte("d12:crypto_flags1:\x018:intervali900e5:peersld2:ip9:192.0.2.14:porti1eeee"), "", nil)
	if len(r.Encrypted) != 0 || len(r.Peers) != 1 {
		t.Errorf("flags beside a list of dictionaries: %v for %v, want none", r.Encrypted, r.Peers)
	}
}

// tell gives a member of a reply under the name of the vectors, as text.
func tell(r Reply, member string) string {
	has := func(word string) string { return fmt.Sprint(slices.Contains(r.Oddities, word)) }
	switch member {
	case "result":
		return string(r.Outcome)
	case "interval":
		return seconds(r.Interval)
	case "min_interval":
		return seconds(r.MinInterval)
	case "interval_clamped", "interval_defaulted":
		return has(strings.ReplaceAll(member, "_", "-"))
	case "flag":
		return strings.Join(r.Oddities, " ")
	case "seeders", "leechers", "downloaded":
		return number(map[string]*int64{"seeders": r.Seeders, "leechers": r.Leechers, "downloaded": r.Downloaded}[member])
	case "peers":
		return addresses(r.Peers)
	case "names":
		return strings.Join(r.Names, " ")
	case "skipped":
		n := 0
		for _, count := range r.Skipped {
			n += count
		}
		return fmt.Sprint(n)
	case "retry":
		return fmt.Sprint(map[bool]string{true: "never", false: "<nil>"}[r.Never])
	case "retry_seconds":
		return seconds(r.Retry)
	}
	return map[string]string{"failure": r.Failure, "warning": r.Warning, "tracker_id": r.TrackerID,
		"external_ip": fmt.Sprint(r.ExternalIP)}[member]
}

// spell gives what the vectors expect in the same form.
func spell(member string, want any) string {
	switch want := want.(type) {
	case []any:
		var words []string
		for _, item := range want {
			pair := item.([]any)
			words = append(words, fmt.Sprintf("%s:%.0f", bracket(pair[0].(string)), pair[1]))
		}
		return strings.Join(words, " ")
	case float64:
		return fmt.Sprintf("%.0f", want)
	case string:
		if member == "flag" {
			return strings.ReplaceAll(want, "_", "-")
		}
		return want
	}
	return fmt.Sprint(want)
}

func bracket(host string) string {
	if strings.Contains(host, ":") {
		return "[" + host + "]"
	}
	return host
}

func addresses(peers []netip.AddrPort) string {
	var words []string
	for _, p := range peers {
		words = append(words, p.String())
	}
	return strings.Join(words, " ")
}

func seconds(d time.Duration) string { return fmt.Sprint(int64(d / time.Second)) }

func number(n *int64) string {
	if n == nil {
		return "<nil>"
	}
	return fmt.Sprint(*n)
}

func TestScrapeBodies(t *testing.T) {
	v := load(t)
	asked := []Hash{Hash(unhex(t, v.Percent[0].Raw)), Hash(unhex(t, v.Percent[1].Raw))}
	if got := scrapeQuery(asked); got != v.HTTPScrape.Query {
		t.Errorf("query is %s, want %s", got, v.HTTPScrape.Query)
	}
	for _, v := range v.HTTPScrape.Replies {
		t.Run(v.Name, func(t *testing.T) {
			r := ParseScrape(unhex(t, v.Body), "", asked)
			got := map[string][]*int64{}
			for hash, c := range r.Files {
				got[hex.EncodeToString(hash[:])] = []*int64{c.Seeders, c.Completed, c.Leechers, c.Downloaders}
			}
			if v.Expect.Files == nil {
				v.Expect.Files = map[string][]*int64{}
			}
			if string(r.Outcome) != v.Expect.Result || !reflect.DeepEqual(got, v.Expect.Files) {
				t.Errorf("got %s %v, want %+v", r.Outcome, got, v.Expect)
			}
			if got := int64(r.MinInterval / time.Second); got != v.Expect.Min {
				t.Errorf("min interval is %d, want %d", got, v.Expect.Min)
			}
			if got := strings.Join(r.Oddities, " "); got != strings.ReplaceAll(v.Expect.Flag, "_", "-") {
				t.Errorf("oddities are %q, want %q", got, v.Expect.Flag)
			}
		})
	}
}

func TestEncodings(t *testing.T) {
	const plain = "d8:intervali900e5:peers0:e"
	var zipped, deflated bytes.Buffer
	z, d := gzip.NewWriter(&zipped), zlib.NewWriter(&deflated)
	for _, w := range []interface {
		Write([]byte) (int, error)
		Close() error
	}{z, d} {
		if _, err := w.Write([]byte(plain)); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		name, body, encoding, odd string
		want                      outcome.Outcome
	}{
		{"plain", plain, "", "", outcome.OK},
		{"gzip", zipped.String(), "gzip", "", outcome.OK},
		{"gzip with a tail", zipped.String() + "\r\n", "gzip", "", outcome.OK},
		{"gzip cut", zipped.String()[:20], "gzip", "", outcome.Malformed},
		{"zlib", deflated.String(), "deflate", "", outcome.OK},
		{"raw deflate", deflated.String()[2:], "deflate", "", outcome.OK},
		{"says gzip and is not", plain, "gzip", "not-encoded", outcome.OK},
		{"two bytes", "\x1f\x8b", "", "gzip-sniffed", outcome.Malformed},
	} {
		r := ParseAnnounce([]byte(c.body), c.encoding, nil)
		if odd := strings.Join(r.Oddities, " "); r.Outcome != c.want || odd != c.odd {
			t.Errorf("%s: got %s %q, want %s %q", c.name, r.Outcome, odd, c.want, c.odd)
		}
	}
}

func TestBombIsTooLarge(t *testing.T) {
	var zipped bytes.Buffer
	z := gzip.NewWriter(&zipped)
	if _, err := z.Write(make([]byte, MaxAnnounce+1)); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	if r := ParseAnnounce(zipped.Bytes(), "gzip", nil); r.Outcome != outcome.TooLarge {
		t.Errorf("%d bytes that inflate to %d: got %s, want %s", zipped.Len(), MaxAnnounce+1, r.Outcome, outcome.TooLarge)
	}
}

func TestAddressesLeftOut(t *testing.T) {
	denied := netip.MustParseAddr("192.0.2.9")
	keep := func(a netip.Addr) error {
		if a == denied {
			return errors.New("denied")
		}
		return nil
	}
	body := "d8:intervali900e5:peers30:\x00\x00\x00\x00\x1a\xe1\xe0\x00\x00\x01\x1a\xe1\xff\xff\xff\xff\x1a\xe1\xc0\x00\x02\x09\x1a\xe1\xc0\x00\x02\x08\x1a\xe1e"
	r := ParseAnnounce([]byte(body), "", keep)
	want := map[string]int{SkipUnspecified: 1, SkipMulticast: 2, SkipDenied: 1}
	if !reflect.DeepEqual(r.Skipped, want) || len(r.Peers) != 1 {
		t.Errorf("skipped %v and kept %v, want %v and one address", r.Skipped, r.Peers, want)
	}
}

func TestRetry(t *testing.T) {
	for _, c := range []struct {
		retry string
		want  time.Duration
		never bool
		odd   string
	}{
		{"i0e", 0, false, ""},
		{"2:15", 15 * time.Minute, false, ""},
		{"i-4e", 0, false, "bad-retry"},
		{"4:soon", 0, false, "bad-retry"},
		{"i9223372036854775807e", maxRetry, false, ""},
		{"le", 0, false, "bad-retry"},
	} {
		r := ParseAnnounce([]byte("d14:failure reason2:no8:retry in"+c.retry+"e"), "", nil)
		if odd := strings.Join(r.Oddities, " "); r.Retry != c.want || r.Never != c.never || odd != c.odd {
			t.Errorf("retry in %s: got %v, %v, %q; want %v, %v, %q", c.retry, r.Retry, r.Never, odd, c.want, c.never, c.odd)
		}
	}
}
