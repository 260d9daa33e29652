package outcome_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"regexp"
	"syscall"
	"testing"

	"btkit/pkg/outcome"
)

// dialError is how package net hands out what the kernel said.
func dialError(errno syscall.Errno) error {
	return &net.OpError{Op: "dial", Net: "tcp", Err: os.NewSyscallError("connect", errno)}
}

func TestOf(t *testing.T) {
	failed := outcome.Fail(outcome.BadIndex, errors.New("piece 11 of 11"))
	tests := []struct {
		name string
		err  error
		want outcome.Outcome
	}{
		{"nil", nil, outcome.OK},
		{"connection refused", dialError(syscall.ECONNREFUSED), outcome.Refused},
		{"connection reset", dialError(syscall.ECONNRESET), outcome.Reset},
		{"broken pipe", dialError(syscall.EPIPE), outcome.Reset},
		{"connection aborted", dialError(syscall.ECONNABORTED), outcome.Reset},
		{"kernel timeout", dialError(syscall.ETIMEDOUT), outcome.Timeout},
		{"no route to host", dialError(syscall.EHOSTUNREACH), outcome.Unreachable},
		{"network unreachable", dialError(syscall.ENETUNREACH), outcome.Unreachable},
		{"no such family", dialError(syscall.EAFNOSUPPORT), outcome.Unreachable},
		{"invalid address", dialError(syscall.EINVAL), outcome.Unreachable},
		{"firewall", dialError(syscall.EPERM), outcome.Denied},
		{"not permitted", dialError(syscall.EACCES), outcome.Denied},
		{"out of descriptors", dialError(syscall.EMFILE), outcome.LocalError},
		{"out of files", dialError(syscall.ENFILE), outcome.LocalError},
		{"out of ports", dialError(syscall.EADDRNOTAVAIL), outcome.LocalError},
		{"out of buffers", dialError(syscall.ENOBUFS), outcome.LocalError},
		{"out of memory", dialError(syscall.ENOMEM), outcome.LocalError},
		{"errno of no class", dialError(syscall.EXDEV), outcome.Error},
		{"errno that waits", dialError(syscall.EAGAIN), outcome.Timeout},
		{"wrapped errno", fmt.Errorf("read handshake: %w", dialError(syscall.ECONNRESET)), outcome.Reset},
		{"joined errno", errors.Join(errors.New("write"), syscall.EPIPE), outcome.Reset},
		{"deadline of a socket", &net.OpError{Op: "read", Err: os.ErrDeadlineExceeded}, outcome.Timeout},
		{"deadline of a context", context.DeadlineExceeded, outcome.Timeout},
		{"wrapped deadline of a context", fmt.Errorf("ask: %w", context.DeadlineExceeded), outcome.Timeout},
		{"canceled context", context.Canceled, outcome.Canceled},
		{"canceled in the middle of a timeout", errors.Join(context.Canceled, os.ErrDeadlineExceeded), outcome.Canceled},
		{"own socket closed", &net.OpError{Op: "read", Err: net.ErrClosed}, outcome.Canceled},
		{"own descriptor closed", &os.PathError{Op: "write", Path: "tcp", Err: os.ErrClosed}, outcome.Canceled},
		{"end of stream", io.EOF, outcome.Closed},
		{"end in the middle", fmt.Errorf("body: %w", io.ErrUnexpectedEOF), outcome.Closed},
		{"no such name", &net.DNSError{Err: "no such host", IsNotFound: true}, outcome.DNS},
		{"name server fails", &net.OpError{Op: "dial", Err: &net.DNSError{Err: "server misbehaving", IsTemporary: true}}, outcome.DNS},
		{"name server is silent", &net.DNSError{Err: "i/o timeout", IsTimeout: true}, outcome.Timeout},
		{"no TLS record", tls.RecordHeaderError{Msg: "first record does not look like a TLS handshake"}, outcome.TLS},
		{"TLS alert", fmt.Errorf("handshake: %w", tls.AlertError(40)), outcome.TLS},
		{"certificate", &tls.CertificateVerificationError{Err: x509.UnknownAuthorityError{}}, outcome.TLS},
		{"unknown authority", x509.UnknownAuthorityError{}, outcome.TLS},
		{"other host name", x509.HostnameError{Certificate: &x509.Certificate{}, Host: "tracker.example"}, outcome.TLS},
		{"with its own outcome", failed, outcome.BadIndex},
		{"wrapped with its own outcome", fmt.Errorf("have: %w", failed), outcome.BadIndex},
		{"own outcome before the errno", outcome.Fail(outcome.ClosedEarly, io.EOF), outcome.ClosedEarly},
		{"own outcome before cancellation", outcome.Fail(outcome.Limit, context.Canceled), outcome.Limit},
		{"anything else", errors.New("odd"), outcome.Error},
		{"text proves nothing", errors.New("connection refused"), outcome.Error},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := outcome.Of(tt.err); got != tt.want {
				t.Errorf("%v: got %q, want %q", tt.err, got, tt.want)
			}
		})
	}
}

func TestFail(t *testing.T) {
	tests := []struct {
		name, want string
		err        error
	}{
		{"without a cause", "self", outcome.Fail(outcome.Self, nil)},
		{"with a cause", "piece 3", outcome.Fail(outcome.BadIndex, errors.New("piece 3"))},
	}
	for _, tt := range tests {
		if got := tt.err.Error(); got != tt.want {
			t.Errorf("%s: got %q, want %q", tt.name, got, tt.want)
		}
	}
	if err := outcome.Fail(outcome.Closed, io.EOF); !errors.Is(err, io.EOF) {
		t.Errorf("got %v that hides its cause, want io.EOF inside", err)
	}
}

func TestAllIsClosedAndWritable(t *testing.T) {
	word := regexp.MustCompile(`^[a-z]+(-[a-z]+)*$`)
	seen := map[outcome.Outcome]bool{}
	for _, o := range outcome.All {
		if seen[o] || !word.MatchString(string(o)) {
			t.Errorf("got %q twice or unfit for a record, want each word once, of letters and hyphens", o)
		}
		seen[o] = true
	}
	for errno := syscall.Errno(1); errno < 134; errno++ {
		if o := outcome.Of(dialError(errno)); !seen[o] {
			t.Errorf("errno %d: got %q, want a word of the list", errno, o)
		}
	}
}
