package tracker

import (
	"bufio"
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"errors"
	"fmt"
	"io"
	"strings"

	"btkit/pkg/outcome"
)

// Most bytes of an answer, both as it came and inflated.
const (
	MaxAnnounce = 2 << 20
	MaxScrape   = 4 << 20
)

var errTooLarge = outcome.Fail(outcome.TooLarge, errors.New("answer is too large"))

// inflate undoes gzip and deflate. Gzip is recognised by its first bytes, with
// or without a header that announces it.
func inflate(body []byte, encoding string, most int) (plain []byte, odd string, err error) {
	encoding = strings.ToLower(strings.TrimSpace(encoding))
	var r io.Reader
	switch gzipped := bytes.HasPrefix(body, []byte{0x1f, 0x8b}); {
	case gzipped:
		if encoding != "gzip" && encoding != "x-gzip" {
			odd = "gzip-sniffed"
		}
		r, err = gunzipper(body)
	case encoding == "deflate":
		r, err = inflater(body)
	default:
		if encoding != "" && encoding != "identity" {
			odd = "not-encoded"
		}
		return body, odd, bounded(body, most)
	}
	if err == nil {
		plain, err = io.ReadAll(io.LimitReader(r, int64(most)+1))
	}
	if err != nil {
		return nil, odd, outcome.Fail(outcome.Malformed, fmt.Errorf("inflate answer: %w", err))
	}
	return plain, odd, bounded(plain, most)
}

// gunzipper reads one gzip member; what follows it is passed over.
func gunzipper(body []byte) (io.Reader, error) {
	r, err := gzip.NewReader(bytes.NewReader(body))
	if err == nil {
		r.Multistream(false)
	}
	return r, err
}

// inflater reads "deflate", which by the standard has a zlib header and in the
// wild often has none.
func inflater(body []byte) (io.Reader, error) {
	b := bufio.NewReader(bytes.NewReader(body))
	head, _ := b.Peek(2)
	if len(head) == 2 && head[0]&0x0f == 8 && (int(head[0])<<8|int(head[1]))%31 == 0 {
		return zlib.NewReader(b)
	}
	return flate.NewReader(b), nil
}

func bounded(b []byte, most int) error {
	if len(b) > most {
		return errTooLarge
	}
	return nil
}
