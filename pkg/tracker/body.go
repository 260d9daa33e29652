package tracker

import (
	"errors"
	"net/netip"
	"strconv"
	"time"

	"btkit/pkg/benc"
	"btkit/pkg/outcome"
)

var errNoDict = outcome.Fail(outcome.Malformed, errors.New("answer is not a dictionary"))

// ParseAnnounce reads the body of an HTTP answer to an announce. Encoding is
// its Content-Encoding; gzip is recognised without one. Keep decides which
// addresses are used; nil keeps all. Nothing in a body is an error of ours:
// the outcome says how it ended.
func ParseAnnounce(body []byte, encoding string, keep Keep) Reply {
	var r Reply
	r.RxBytes = int64(len(body))
	dict, ok := r.open(body, encoding, MaxAnnounce)
	if !ok || r.failed(dict) {
		return r
	}
	r.Outcome = outcome.OK
	r.setInterval(dict.Get("interval").Int())
	r.setMinInterval(dict)
	r.Warning = cut(dict.Get("warning message").Text())
	r.TrackerID = cut(dict.Get("tracker id").Text())
	r.Seeders = count(dict, "complete")
	r.Leechers = count(dict, "incomplete")
	r.Downloaded = count(dict, "downloaded")
	r.Downloaders = count(dict, "downloaders")
	r.setExternalIP(dict)
	peers, peers6 := dict.Get("peers"), dict.Get("peers6")
	if peers.Kind() == benc.Absent && peers6.Kind() == benc.Absent {
		r.odd("no-peers-key")
	}
	r.addPeers(peers, 4, keep)
	r.addPeers(peers6, 16, keep)
	r.setEncrypted(peers, dict.Get("crypto_flags"))
	return r
}

// ParseScrape reads the body of an HTTP answer to a scrape (BEP 48). At most
// HTTPBatch torrents are kept, and of those only the asked ones; nil asks for
// any.
func ParseScrape(body []byte, encoding string, asked []Hash) Replies {
	r := Replies{Files: map[Hash]Counts{}}
	r.RxBytes = int64(len(body))
	dict, ok := r.open(body, encoding, MaxScrape)
	if !ok || r.failed(dict) {
		return r
	}
	r.Outcome = outcome.OK
	if s, ok := dict.Get("flags").Get("min_request_interval").Int(); ok && s > 0 {
		r.MinInterval = min(time.Duration(min(s, 1<<30))*time.Second, MaxInterval)
	}
	files := dict.Get("files")
	if files.Kind() != benc.Dict {
		r.odd("no-files-key")
	}
	wanted := hashSet(asked)
	for key, v := range files.Dict() {
		r.addFile(key, v, wanted)
	}
	return r
}

func hashSet(hashes []Hash) map[Hash]bool {
	if hashes == nil {
		return nil
	}
	set := make(map[Hash]bool, len(hashes))
	for _, h := range hashes {
		set[h] = true
	}
	return set
}

func (r *Replies) addFile(key []byte, v benc.Value, wanted map[Hash]bool) {
	if len(key) != len(Hash{}) || v.Kind() != benc.Dict {
		r.odd("bad-hash-key")
		return
	}
	hash := Hash(key)
	if wanted != nil && !wanted[hash] || len(r.Files) >= HTTPBatch {
		r.odd("files-not-asked")
		return
	}
	r.Files[hash] = Counts{
		Seeders:     count(v, "complete"),
		Completed:   count(v, "downloaded"),
		Leechers:    count(v, "incomplete"),
		Downloaders: count(v, "downloaders"),
		Name:        cut(v.Get("name").Text()),
	}
}

// open inflates and checks a body and gives its dictionary; if there is none,
// the outcome is set.
func (r *Result) open(body []byte, encoding string, most int) (dict benc.Value, ok bool) {
	plain, odd, err := inflate(body, encoding, most)
	if odd != "" {
		r.odd(odd)
	}
	if err != nil {
		r.fail(err)
		return dict, false
	}
	dict, rest, odds, err := benc.Parse(plain, benc.Limits{})
	if err != nil {
		r.fail(outcome.Fail(outcome.Malformed, err))
		return dict, false
	}
	r.odd(odds.Strings()...)
	if len(rest) > 0 {
		r.odd("trailing-bytes")
	}
	if dict.Kind() != benc.Dict {
		r.fail(errNoDict)
		return dict, false
	}
	return dict, true
}

// failed reads a failure and when to come back after it (BEP 31).
func (r *Result) failed(dict benc.Value) bool {
	reason := dict.Get("failure reason")
	switch n, isInt := reason.Int(); {
	case reason.Kind() == benc.Absent:
		return false
	case isInt:
		r.Failure = strconv.FormatInt(n, 10)
	default:
		r.Failure = cut(reason.Text())
	}
	r.Outcome = outcome.Failure
	r.setRetry(dict.Get("retry in"))
	return true
}

func (r *Result) setRetry(v benc.Value) {
	minutes, ok := v.Int()
	if text := v.Text(); text == "never" {
		r.Never = true
		return
	} else if text != "" {
		n, err := strconv.ParseInt(text, 10, 64)
		minutes, ok = n, err == nil
	}
	switch {
	case v.Kind() == benc.Absent:
	case !ok || minutes < 0:
		r.odd("bad-retry")
	default:
		r.Retry = min(time.Duration(min(minutes, 1<<20))*time.Minute, maxRetry)
	}
}

func (r *Reply) setMinInterval(dict benc.Value) {
	v := dict.Get("min interval")
	s, ok := v.Int()
	switch {
	case v.Kind() == benc.Absent:
	case !ok || s < 0:
		r.odd("bad-min-interval")
	default:
		r.MinInterval = min(time.Duration(min(s, 1<<30))*time.Second, MaxInterval)
	}
}

func (r *Reply) setExternalIP(dict benc.Value) {
	b, ok := dict.Get("external ip").Bytes()
	if !ok {
		return
	}
	ip, ok := netip.AddrFromSlice(b)
	if !ok {
		r.odd("bad-external-ip")
		return
	}
	r.ExternalIP = ip.Unmap()
}

// count reads a number of peers; what is negative or no number is unknown.
func count(dict benc.Value, key string) *int64 {
	n, ok := dict.Get(key).Int()
	if !ok || n < 0 {
		return nil
	}
	return &n
}
