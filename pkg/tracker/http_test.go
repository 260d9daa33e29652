package tracker

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"btkit/pkg/outcome"
)

const goodBody = "d8:intervali1800e5:peers6:\xc0\x00\x02\x08\x1a\xe1e"

func serve(t *testing.T, h http.HandlerFunc) string {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s.URL
}

func client(t *testing.T, o Options) *Client {
	t.Helper()
	c := New(o)
	t.Cleanup(c.Close)
	return c
}

func write(text string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, text) }
}

func status(code int, text string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(code)
		fmt.Fprint(w, text)
	}
}

func redirect(to string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, to, http.StatusFound) }
}

func hangUp(w http.ResponseWriter, _ *http.Request) {
	if conn, _, err := w.(http.Hijacker).Hijack(); err == nil {
		conn.Close()
	}
}

// hops redirects so many times before it answers.
func hops(n int) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if done := len(r.URL.Path) - len("/announce"); done < n && r.Referer() == "" {
			http.Redirect(w, r, r.URL.Path+"x", http.StatusFound)
			return
		}
		fmt.Fprint(w, goodBody)
	}
}

func TestHTTPOutcomes(t *testing.T) {
	for _, c := range []struct {
		name    string
		handler http.HandlerFunc
		want    outcome.Outcome
		status  int
	}{
		{"good", write(goodBody), outcome.OK, 200},
		{"good answer with a bad status", status(404, goodBody), outcome.OK, 404},
		{"failure with a bad status", status(400, "d14:failure reason2:noe"), outcome.Failure, 400},
		{"page with a bad status", status(502, "<html>"), outcome.HTTPStatus, 502},
		{"empty dictionary with a bad status", status(404, "de"), outcome.HTTPStatus, 404},
		{"page", write("<html>"), outcome.Malformed, 200},
		{"nothing", write(""), outcome.Malformed, 200},
		{"too large", write(strings.Repeat("x", MaxAnnounce+1)), outcome.TooLarge, 200},
		{"five redirects", hops(5), outcome.OK, 200},
		{"six redirects", hops(6), outcome.Redirect, 0},
		{"redirect to a file", redirect("file:///etc/passwd"), outcome.Redirect, 0},
		{"redirect to a forbidden address", redirect("http://127.0.0.9:1/announce"), outcome.Denied, 0},
		{"connection closed", hangUp, outcome.Closed, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			url := serve(t, c.handler)
			allow := func(a netip.Addr) error {
				if a == netip.MustParseAddr("127.0.0.9") {
					return errors.New("forbidden")
				}
				return nil
			}
			r := client(t, Options{Allow: allow}).Announce(t.Context(), Request{URL: url + "/announce", Family: IPv4})
			if r.Outcome != c.want || r.Status != c.status {
				t.Errorf("got %s %d (%v), want %s %d", r.Outcome, r.Status, r.Err, c.want, c.status)
			}
		})
	}
}

func TestHTTPRequest(t *testing.T) {
	var query, remote, agent, auth string
	url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		query, remote, agent, auth = r.URL.RawQuery, r.RemoteAddr, r.UserAgent(), r.Header.Get("Authorization")
		fmt.Fprint(w, goodBody)
	})
	c := client(t, Options{UserAgent: "measure/1"})
	ask := Request{URL: strings.Replace(url, "//", "//me:secret@", 1) + "/announce?k=%06", Family: IPv4, Port: 6881, NumWant: 200, TrackerID: "a b"}
	if r := c.Announce(t.Context(), ask); r.Outcome != outcome.OK || len(r.Peers) != 1 || r.RxBytes != int64(len(goodBody)) {
		t.Fatalf("got %+v, want one peer", r)
	}
	if !strings.HasPrefix(query, "k=%06&info_hash=%00") || !strings.HasSuffix(query, "&trackerid=a%20b") {
		t.Errorf("query is %q", query)
	}
	if !strings.HasPrefix(remote, "127.") || agent != "measure/1" || auth == "" {
		t.Errorf("asked from %s as %q with %q, want IPv4, our name, the user", remote, agent, auth)
	}
}

// Over IPv6 a tracker is asked from an IPv6 address, and gives peers of both
// families (BEP 7); without an address of that family it is not asked.
func TestHTTPOverIPv6(t *testing.T) {
	var remote, query string
	listener, err := net.Listen("tcp6", "[::1]:0")
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		remote, query = r.RemoteAddr, r.URL.RawQuery
		fmt.Fprintf(w, "d8:intervali900e5:peers6:\xc0\x00\x02\x01\x1a\xe16:peers618:\x20\x01\x0d\xb8%s\x1a\xe1e", strings.Repeat("\x01", 12))
	})}
	go server.Serve(listener)
	t.Cleanup(func() { server.Close() })
	c := client(t, Options{})
	ask := Request{URL: "http://" + listener.Addr().String() + "/announce", Family: IPv6, Port: 6881, SupportCrypto: true}
	r := c.Announce(t.Context(), ask)
	if want := "[192.0.2.1:6881 [2001:db8:101:101:101:101:101:101]:6881]"; fmt.Sprint(r.Peers) != want {
		t.Errorf("peers %v (%v), want %s", r.Peers, r.Err, want)
	}
	if !strings.HasPrefix(remote, "[::1]:") || strings.Contains(query, "ip") || !strings.HasSuffix(query, "&supportcrypto=1") {
		t.Errorf("asked from %s with %s, want from [::1], naming no address, and that we take encrypted connections", remote, query)
	}
	ask.Family = IPv4
	if r := c.Announce(t.Context(), ask); r.Outcome != outcome.Unsupported {
		t.Errorf("over IPv4: %s, want %s", r.Outcome, outcome.Unsupported)
	}
}

func TestPasswordStaysOutOfErrors(t *testing.T) {
	c := client(t, Options{})
	for _, url := range []string{"http://me:secret@127.0.0.1:1/announce", "http://me:secret@[::1/announce", "http://me:secret@127.0.0.1:1/%zz/announce"} {
		r := c.Announce(t.Context(), Request{URL: url, Family: IPv4})
		if r.Err == nil || strings.Contains(r.Err.Error(), "secret") {
			t.Errorf("%s: error is %v", Redact(url), r.Err)
		}
	}
}

func TestHTTPScrape(t *testing.T) {
	hash := Hash{1}
	url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/scrape" {
			http.NotFound(w, r)
			return
		}
		fmt.Fprintf(w, "d5:filesd20:%sd8:completei3eeee", hash[:])
	})
	c := client(t, Options{})
	r := c.Scrape(t.Context(), ScrapeRequest{URL: url + "/announce", Family: IPv4, Hashes: []Hash{hash, {2}}})
	if r.Outcome != outcome.OK || len(r.Files) != 1 || *r.Files[hash].Seeders != 3 {
		t.Errorf("got %s %v, want 3 seeders of one torrent", r.Outcome, r.Files)
	}
	for name, ask := range map[string]ScrapeRequest{
		"no scrape URL": {URL: url + "/a", Family: IPv4, Hashes: []Hash{hash}},
		"no torrent":    {URL: url + "/announce", Family: IPv4},
		"too many":      {URL: url + "/announce", Family: IPv4, Hashes: make([]Hash, HTTPBatch+1)},
		"no family":     {URL: url + "/announce", Hashes: []Hash{hash}},
	} {
		if r := c.Scrape(t.Context(), ask); r.Outcome != outcome.Unsupported {
			t.Errorf("%s: got %s, want %s", name, r.Outcome, outcome.Unsupported)
		}
	}
}

// raw reads a request and lets a function answer it.
func raw(t *testing.T, f func(net.Conn)) string {
	t.Helper()
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			if _, err := http.ReadRequest(bufio.NewReader(conn)); err == nil {
				f(conn)
			}
			conn.Close()
		}
	}()
	t.Cleanup(func() { l.Close(); <-done })
	return "http://" + l.Addr().String() + "/announce"
}

func TestConnectionOutcomes(t *testing.T) {
	tls := httptest.NewTLSServer(write(goodBody))
	tls.Config.ErrorLog = log.New(io.Discard, "", 0)
	t.Cleanup(tls.Close)
	gone := httptest.NewServer(write(goodBody))
	gone.Close()
	hang := func(c net.Conn) { io.Copy(io.Discard, c) }
	for name, c := range map[string]struct {
		url  string
		want outcome.Outcome
	}{
		"nobody listens":      {gone.URL + "/announce", outcome.Refused},
		"unknown authority":   {tls.URL + "/announce", outcome.TLS},
		"not HTTP":            {raw(t, func(c net.Conn) { fmt.Fprint(c, "220 smtp ready\r\n") }), outcome.Malformed},
		"silence":             {raw(t, hang), outcome.Timeout},
		"name unknown":        {"http://unknown.example/announce", outcome.DNS},
		"no such address":     {"http://six.example/announce", outcome.Unsupported},
		"address of other":    {"http://[::1]:1/announce", outcome.Unsupported},
		"not a tracker":       {"ftp://127.0.0.1/announce", outcome.Unsupported},
		"truncated transfer":  {raw(t, func(c net.Conn) { fmt.Fprint(c, "HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nd") }), outcome.Closed},
		"HTTP 1.0 no length":  {raw(t, func(c net.Conn) { fmt.Fprint(c, "HTTP/1.0 200 OK\r\n\r\n"+goodBody) }), outcome.OK},
		"endless header line": {raw(t, func(c net.Conn) { fmt.Fprint(c, "HTTP/1.1 200 OK\r\nA: "+strings.Repeat("x", 2*maxHeaderBytes)) }), outcome.Malformed},
	} {
		t.Run(name, func(t *testing.T) {
			timeout := 5 * time.Second
			if c.want == outcome.Timeout {
				timeout = 50 * time.Millisecond
			}
			r := client(t, Options{Timeout: timeout, Resolve: fakeNames}).Announce(t.Context(), Request{URL: c.url, Family: IPv4})
			if r.Outcome != c.want {
				t.Errorf("got %s (%v), want %s", r.Outcome, r.Err, c.want)
			}
		})
	}
}

func fakeNames(_ context.Context, host string) ([]netip.Addr, error) {
	switch host {
	case "six.example":
		return []netip.Addr{netip.IPv6Loopback()}, nil
	case "local.example":
		return []netip.Addr{netip.MustParseAddr("::ffff:127.0.0.1")}, nil
	}
	return nil, &net.DNSError{Err: "no such host", Name: host, IsNotFound: true}
}

func TestCanceled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	c := client(t, Options{})
	for _, url := range []string{"http://127.0.0.1:9/announce", "udp://127.0.0.1:9/announce"} {
		if r := c.Announce(ctx, Request{URL: url, Family: IPv4}); r.Outcome != outcome.Canceled {
			t.Errorf("%s: got %s (%v), want %s", url, r.Outcome, r.Err, outcome.Canceled)
		}
	}
}

func TestNamesAreCached(t *testing.T) {
	asked := 0
	now := time.Unix(0, 0)
	n := newNames(Options{
		Now:   func() time.Time { return now },
		Allow: func(netip.Addr) error { return nil },
		Resolve: func(ctx context.Context, host string) ([]netip.Addr, error) {
			asked++
			return fakeNames(ctx, host)
		},
	})
	if _, err := n.lookup(fromCacheOnly(t.Context()), "local.example", IPv4); outcome.Of(err) != outcome.DNS || asked != 0 {
		t.Errorf("cache alone: got %v after %d queries, want dns after none", err, asked)
	}
	for _, step := range []struct {
		after time.Duration
		want  int
	}{{0, 1}, {nameLife - 1, 1}, {1, 2}} {
		now = now.Add(step.after)
		addrs, err := n.lookup(t.Context(), "local.example", IPv4)
		if err != nil || len(addrs) != 1 || asked != step.want {
			t.Errorf("after %v: got %v, %v and %d queries, want %d", step.after, addrs, err, asked, step.want)
		}
	}
	now = now.Add(2 * nameLife)
	if _, err := n.lookup(fromCacheOnly(t.Context()), "local.example", IPv4); err != nil || asked != 2 {
		t.Errorf("old answer at the end: got %v and %d queries, want none more", err, asked)
	}
}
