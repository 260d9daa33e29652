package tracker

import (
	"slices"
	"testing"

	"btkit/pkg/outcome"
)

func seeds(f *testing.F) vectors {
	v := load(f)
	for _, r := range v.HTTP {
		f.Add(unhex(f, r.Body))
	}
	for _, r := range v.HTTPScrape.Replies {
		f.Add(unhex(f, r.Body))
	}
	for _, r := range v.UDP {
		f.Add(unhex(f, r.Bytes))
	}
	for _, r := range v.UDPReject {
		f.Add(unhex(f, r.Bytes))
	}
	return v
}

// Any body ends in an outcome of the list, an interval within its bounds and
// no more addresses than six bytes each could hold.
func FuzzParseAnnounce(f *testing.F) {
	seeds(f)
	f.Add([]byte("d12:crypto_flags1:\x018:intervali900e5:peers6:\xc0\x00\x02\x01\x00\x01e"))
	f.Fuzz(func(t *testing.T, body []byte) {
		for _, encoding := range []string{"", "gzip", "deflate"} {
			r := ParseAnnounce(body, encoding, nil)
			sane(t, r.Result)
			if r.Outcome == outcome.OK && (r.Interval < MinInterval || r.Interval > MaxInterval) {
				t.Errorf("interval %v is out of bounds", r.Interval)
			}
			if len(r.Encrypted) > MaxAnnounce/6 {
				t.Errorf("%d encrypted of %d bytes", len(r.Encrypted), len(body))
			}
			if len(r.Peers) > MaxAnnounce/6 || len(r.Names) > maxNames {
				t.Errorf("%d peers, %d names from %d bytes", len(r.Peers), len(r.Names), len(body))
			}
		}
	})
}

// Any body ends in an outcome of the list and gives no torrent that was not
// asked for.
func FuzzParseScrape(f *testing.F) {
	v := seeds(f)
	asked := []Hash{Hash(unhex(f, v.Percent[0].Raw))}
	f.Fuzz(func(t *testing.T, body []byte) {
		r := ParseScrape(body, "", asked)
		sane(t, r.Result)
		for hash := range r.Files {
			if hash != asked[0] {
				t.Errorf("torrent %x was not asked for", hash)
			}
		}
	})
}

// Any packet ends in an outcome of the list, whichever question it answers,
// with no more addresses than fit into it.
func FuzzUDPReply(f *testing.F) {
	seeds(f)
	f.Fuzz(func(t *testing.T, packet []byte) {
		four, six := ParseUDPAnnounce(packet, IPv4, nil), ParseUDPAnnounce(packet, IPv6, nil)
		scrape := ParseUDPScrape(packet, []Hash{{1}, {2}})
		for _, r := range []Result{four.Result, six.Result, scrape.Result} {
			sane(t, r)
		}
		if len(four.Peers)*6 > len(packet) || len(six.Peers)*18 > len(packet) {
			t.Errorf("%d and %d peers from %d bytes", len(four.Peers), len(six.Peers), len(packet))
		}
		if id, err := ParseConnect(packet); err != nil && (id != 0 || outcome.Of(err) == outcome.Error) {
			t.Errorf("connection %d with %v", id, err)
		}
	})
}

func sane(t *testing.T, r Result) {
	t.Helper()
	if !slices.Contains(outcome.All, r.Outcome) || r.Outcome == outcome.Error {
		t.Errorf("outcome %q", r.Outcome)
	}
	if len(r.Failure) > maxReplyText {
		t.Errorf("failure of %d bytes", len(r.Failure))
	}
}
