package tracker

import (
	"strconv"
	"strings"
)

const hexDigits = "0123456789ABCDEF"

// Escape percent-encodes bytes for a query: all but letters, digits and
// "-._~"; a space is %20, never "+".
func Escape(b []byte) string {
	var s strings.Builder
	for _, c := range b {
		if isUnreserved(c) {
			s.WriteByte(c)
		} else {
			escapeByte(&s, c)
		}
	}
	return s.String()
}

func escapeByte(s *strings.Builder, c byte) {
	s.WriteByte('%')
	s.WriteByte(hexDigits[c>>4])
	s.WriteByte(hexDigits[c&15])
}

func isUnreserved(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' ||
		c == '-' || c == '.' || c == '_' || c == '~'
}

// printable escapes what may not stand in a URL at all and leaves the rest.
func printable(url string) string {
	var s strings.Builder
	for _, c := range []byte(url) {
		if c <= ' ' || c >= 0x7f {
			escapeByte(&s, c)
		} else {
			s.WriteByte(c)
		}
	}
	return s.String()
}

// extend appends to a URL that may have a query already, which stays in front:
// some private trackers want theirs there.
func extend(url, query string) string {
	url, _, _ = strings.Cut(url, "#")
	sep := "?"
	if strings.Contains(url, "?") {
		sep = "&"
	}
	return printable(url) + sep + query
}

// AnnounceURL is the URL of an HTTP announce (BEP 3, 7, 23).
func AnnounceURL(r Request) string {
	q := "info_hash=" + Escape(r.InfoHash[:]) + "&peer_id=" + Escape(r.PeerID[:]) +
		"&port=" + strconv.Itoa(int(r.Port)) +
		"&uploaded=" + strconv.FormatInt(r.Uploaded, 10) +
		"&downloaded=" + strconv.FormatInt(r.Downloaded, 10) +
		"&left=" + strconv.FormatInt(r.Left, 10) +
		"&compact=1&no_peer_id=1&numwant=" + strconv.Itoa(max(0, r.NumWant)) +
		"&key=" + hex32(r.Key)
	if r.Event != None {
		q += "&event=" + r.Event.String()
	}
	if r.TrackerID != "" {
		q += "&trackerid=" + Escape([]byte(r.TrackerID))
	}
	if r.SupportCrypto {
		q += "&supportcrypto=1"
	}
	return extend(r.URL, q)
}

func hex32(n uint32) string {
	s := strconv.FormatUint(uint64(n), 16)
	return strings.Repeat("0", 8-len(s)) + s
}

// ScrapeURL derives the scrape URL from the announce URL (BEP 48): the last
// segment of the path must begin with "announce". Path and query are not
// decoded; UDP trackers need no such URL.
func ScrapeURL(announceURL string) (string, bool) {
	path, query := announceURL, ""
	if at := strings.IndexByte(path, '?'); at >= 0 {
		path, query = path[:at], path[at:]
	}
	scheme := strings.Index(path, "://")
	slash := strings.LastIndexByte(path, '/')
	if scheme < 0 || slash < scheme+len("://") {
		return "", false
	}
	rest, ok := strings.CutPrefix(path[slash+1:], "announce")
	if !ok {
		return "", false
	}
	return path[:slash+1] + "scrape" + rest + query, true
}

// scrapeQuery repeats info_hash for every torrent (BEP 48).
func scrapeQuery(hashes []Hash) string {
	parts := make([]string, len(hashes))
	for i, h := range hashes {
		parts[i] = "info_hash=" + Escape(h[:])
	}
	return strings.Join(parts, "&")
}
