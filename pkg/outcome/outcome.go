// Package outcome is the closed list of ways in which a peer, a tracker or a
// DHT node can answer or fail, and the one place that turns an error into a
// word of that list. Errors are told apart by number and type, never by text.
//
// What a stranger does wrong is data and belongs here; what we do wrong is an
// ordinary error and does not.
package outcome

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"os"
	"syscall"
)

// Outcome is one word of the closed list.
type Outcome string

// The list. Dials and conversations, trackers and DHT lookups share it.
const (
	OK            Outcome = "ok"               // did what it was meant to do
	Refused       Outcome = "refused"          // connection refused: the host is there, the port is closed
	Timeout       Outcome = "timeout"          // no answer in time
	Unreachable   Outcome = "unreachable"      // no route, host or network unreachable
	Reset         Outcome = "reset"            // connection reset by the other side
	Closed        Outcome = "closed"           // closed by the other side in mid-conversation
	ClosedEarly   Outcome = "closed-early"     // closed by the other side before its first byte: full, paused or encrypted only
	NotBitTorrent Outcome = "not-bittorrent"   // spoke, but not this protocol
	WrongInfoHash Outcome = "wrong-infohash"   // answered with another torrent
	UnknownHash   Outcome = "unknown-infohash" // asked us for a torrent that we do not measure
	EncryptedOnly Outcome = "encrypted-only"   // takes encrypted connections only
	Encrypted     Outcome = "encrypted"        // spoke encrypted where we do not
	Self          Outcome = "self"             // it was us
	Duplicate     Outcome = "duplicate"        // a conversation with this peer is already open
	Limit         Outcome = "limit"            // over one of our limits
	Denied        Outcome = "denied"           // our block list or address rules forbid it
	Malformed     Outcome = "malformed"        // could not be decoded
	TooLarge      Outcome = "too-large"        // over a bound on length or count
	BadIndex      Outcome = "bad-index"        // piece number beyond the last piece
	BadBitfield   Outcome = "bad-bitfield"     // bitfield of the wrong length
	BadPayload    Outcome = "bad-payload"      // sent content that nobody asked for
	Failure       Outcome = "failure"          // the tracker or node said no
	HTTPStatus    Outcome = "http-status"      // HTTP status other than 200 without a usable body
	DNS           Outcome = "dns"              // name does not resolve
	TLS           Outcome = "tls"              // TLS or certificate error
	Redirect      Outcome = "redirect"         // too many or forbidden redirects
	Unsupported   Outcome = "unsupported"      // a scheme or kind of question that it does not have
	NotFound      Outcome = "not-found"        // answered that it does not know the torrent
	Canceled      Outcome = "canceled"         // we stopped before it ended
	LocalError    Outcome = "local-error"      // out of descriptors, ports or memory on our side
	Error         Outcome = "error"            // anything else
)

// All lists every outcome, in the order of this file.
var All = []Outcome{OK, Refused, Timeout, Unreachable, Reset, Closed, ClosedEarly, NotBitTorrent,
	WrongInfoHash, UnknownHash, EncryptedOnly, Encrypted, Self, Duplicate, Limit, Denied, Malformed, TooLarge,
	BadIndex, BadBitfield, BadPayload, Failure, HTTPStatus, DNS, TLS, Redirect, Unsupported, NotFound,
	Canceled, LocalError, Error}

// Failed is an error that knows its outcome.
type Failed struct {
	As  Outcome
	Err error
}

// Fail makes an error with a fixed outcome.
func Fail(as Outcome, err error) error { return &Failed{As: as, Err: err} }

func (f *Failed) Error() string {
	if f.Err == nil {
		return string(f.As)
	}
	return f.Err.Error()
}

func (f *Failed) Unwrap() error { return f.Err }

var byErrno = map[syscall.Errno]Outcome{
	syscall.ECONNREFUSED:  Refused,
	syscall.ECONNRESET:    Reset,
	syscall.EPIPE:         Reset,
	syscall.ECONNABORTED:  Reset,
	syscall.ETIMEDOUT:     Timeout,
	syscall.EHOSTUNREACH:  Unreachable,
	syscall.ENETUNREACH:   Unreachable,
	syscall.EHOSTDOWN:     Unreachable,
	syscall.ENETDOWN:      Unreachable,
	syscall.EAFNOSUPPORT:  Unreachable,
	syscall.EACCES:        Denied,
	syscall.EPERM:         Denied,
	syscall.EADDRNOTAVAIL: LocalError,
	syscall.EADDRINUSE:    LocalError,
	syscall.EMFILE:        LocalError,
	syscall.ENFILE:        LocalError,
	syscall.ENOBUFS:       LocalError,
	syscall.ENOMEM:        LocalError,
	syscall.EINVAL:        Unreachable,
}

// Of classifies an error; nil is OK. The order matters: what an error says of
// itself first, then our own cancellation, then the number, then the type.
func Of(err error) Outcome {
	if err == nil {
		return OK
	}
	var failed *Failed
	if errors.As(err, &failed) {
		return failed.As
	}
	if errors.Is(err, context.Canceled) {
		return Canceled
	}
	var errno syscall.Errno
	if errors.As(err, &errno) {
		if o, ok := byErrno[errno]; ok {
			return o
		}
	}
	return byType(err)
}

func byType(err error) Outcome {
	var dns *net.DNSError
	var timeout interface{ Timeout() bool }
	switch {
	case errors.As(err, &dns) && !dns.IsTimeout:
		return DNS
	case errors.Is(err, os.ErrDeadlineExceeded), errors.Is(err, context.DeadlineExceeded):
		return Timeout
	case errors.As(err, &timeout) && timeout.Timeout():
		return Timeout
	case isTLS(err):
		return TLS
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return Closed
	case errors.Is(err, net.ErrClosed), errors.Is(err, os.ErrClosed):
		return Canceled
	}
	return Error
}

func isTLS(err error) bool {
	var record tls.RecordHeaderError
	var alert tls.AlertError
	var cert *tls.CertificateVerificationError
	var unknown x509.UnknownAuthorityError
	var host x509.HostnameError
	var op *net.OpError
	// An alert over TCP has a type that crypto/tls keeps to itself; only the
	// operation around it tells.
	if errors.As(err, &op) && (op.Op == "remote error" || op.Op == "local error") {
		return true
	}
	return errors.As(err, &record) || errors.As(err, &alert) || errors.As(err, &cert) ||
		errors.As(err, &unknown) || errors.As(err, &host)
}
