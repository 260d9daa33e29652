package tracker

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strconv"

	"btkit/pkg/outcome"
)

const (
	maxRedirects   = 5
	maxHeaderBytes = 64 << 10
)

var (
	errRedirects = outcome.Fail(outcome.Redirect, errors.New("too many redirects"))
	errScheme    = outcome.Fail(outcome.Redirect, errors.New("redirect to another scheme"))
)

// httpClient asks over HTTP and one address family. It keeps no connection
// open: a tracker is asked again half an hour later.
type httpClient struct {
	client    *http.Client
	allow     Keep
	userAgent string
}

func newHTTPClient(o Options, names *names, f Family) *httpClient {
	d := &dialer{names: names, family: f}
	transport := &http.Transport{
		DialContext:            d.dial,
		DisableKeepAlives:      true,
		DisableCompression:     true, // inflating has its own bounds
		TLSHandshakeTimeout:    maxConnect,
		MaxResponseHeaderBytes: maxHeaderBytes,
	}
	client := &http.Client{Transport: transport, CheckRedirect: checkRedirect, Timeout: o.Timeout}
	return &httpClient{client: client, allow: o.Allow, userAgent: o.UserAgent}
}

// checkRedirect bounds a chain of redirects. The addresses of each hop are
// checked when it is dialled.
func checkRedirect(next *http.Request, via []*http.Request) error {
	if len(via) > maxRedirects {
		return errRedirects
	}
	if next.URL.Scheme != "http" && next.URL.Scheme != "https" {
		return errScheme
	}
	next.Header.Del("Referer") // it would carry the query on
	return nil
}

// dialer opens connections of one family to addresses that are allowed.
type dialer struct {
	names  *names
	family Family
}

func (d *dialer) dial(ctx context.Context, _, hostPort string) (net.Conn, error) {
	host, port, err := net.SplitHostPort(hostPort)
	if err != nil {
		return nil, fmt.Errorf("dial: %w", err)
	}
	number, err := strconv.ParseUint(port, 10, 16)
	if err != nil {
		return nil, fmt.Errorf("dial port %q: %w", port, err)
	}
	addrs, err := d.names.lookup(ctx, host, d.family)
	if err != nil {
		return nil, err
	}
	for _, a := range addrs {
		var conn net.Conn
		if conn, err = d.dialOne(ctx, netip.AddrPortFrom(a, uint16(number))); err == nil {
			return conn, nil
		}
	}
	return nil, err
}

func (d *dialer) dialOne(ctx context.Context, to netip.AddrPort) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, maxConnect)
	defer cancel()
	nd := net.Dialer{LocalAddr: localTCP(origin(ctx))}
	return nd.DialContext(ctx, d.family.network("tcp"), to.String())
}

func (h *httpClient) announce(ctx context.Context, r Request) Reply {
	if r.CachedDNS {
		ctx = fromCacheOnly(ctx)
	}
	a, err := h.get(ctx, AnnounceURL(r), MaxAnnounce)
	if err != nil {
		return Reply{Result: a.result(err)}
	}
	reply := ParseAnnounce(a.body, a.encoding, h.allow)
	reply.settle(a)
	return reply
}

func (h *httpClient) scrape(ctx context.Context, r ScrapeRequest) Replies {
	base, ok := ScrapeURL(r.URL)
	if !ok {
		return Replies{Result: answer{}.result(outcome.Fail(outcome.Unsupported, errBatch))}
	}
	a, err := h.get(ctx, extend(base, scrapeQuery(r.Hashes)), MaxScrape)
	if err != nil {
		return Replies{Result: a.result(err)}
	}
	replies := ParseScrape(a.body, a.encoding, r.Hashes)
	replies.settle(a)
	return replies
}

// answer is what came over HTTP.
type answer struct {
	status   int
	encoding string
	body     []byte
}

// result is the end of a question without a body to read.
func (a answer) result(err error) Result {
	r := Result{Status: a.status, RxBytes: int64(len(a.body))}
	r.fail(err)
	return r
}

// settle adds the HTTP status. It decides only when the body says nothing:
// some trackers send good answers with a bad status.
func (r *Result) settle(a answer) {
	r.Status = a.status
	said := r.Outcome == outcome.Failure || r.Outcome == outcome.OK && !r.blank()
	if a.status != http.StatusOK && !said {
		r.Outcome = outcome.HTTPStatus
		r.Err = fmt.Errorf("HTTP status %d", a.status)
	}
}

// blank says that a dictionary held nothing of an answer.
func (r *Result) blank() bool {
	return slices.Contains(r.Oddities, "no-files-key") ||
		slices.Contains(r.Oddities, "no-peers-key") && slices.Contains(r.Oddities, "interval-defaulted")
}

func (h *httpClient) get(ctx context.Context, target string, most int) (answer, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, target, nil)
	if err != nil {
		return answer{}, outcome.Fail(outcome.Unsupported, errURL) // its text may hold a password
	}
	req.Header.Set("User-Agent", h.userAgent)
	req.Header.Set("Accept-Encoding", "gzip")
	resp, err := h.client.Do(req)
	if err != nil {
		return answer{}, bare(err)
	}
	defer resp.Body.Close()
	a := answer{status: resp.StatusCode, encoding: resp.Header.Get("Content-Encoding")}
	a.body, err = io.ReadAll(io.LimitReader(resp.Body, int64(most)+1))
	if err != nil {
		return a, fmt.Errorf("read answer: %w", err)
	}
	return a, bounded(a.body, most)
}

// bare takes off the wrapping that names the URL, which may hold a password.
// What is neither of the network nor of TLS was an answer that is not HTTP.
func bare(err error) error {
	var wrapped *url.Error
	if errors.As(err, &wrapped) {
		err = wrapped.Err
	}
	if outcome.Of(err) == outcome.Error {
		return outcome.Fail(outcome.Malformed, fmt.Errorf("ask: %w", err))
	}
	return fmt.Errorf("ask: %w", err)
}
