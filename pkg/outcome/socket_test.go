package outcome_test

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"math/big"
	"net"
	"testing"
	"time"

	"btkit/pkg/outcome"
)

// Real sockets: what the library and the kernel hand out, not what we think
// they do.

func TestOfRealDials(t *testing.T) {
	closed := listen(t)
	closed.Close()
	canceled, cancel := context.WithCancel(context.Background())
	cancel()
	past, cancel := context.WithDeadline(context.Background(), time.Unix(1, 0))
	defer cancel()
	open := listen(t)
	tests := []struct {
		name string
		ctx  context.Context
		addr string
		want outcome.Outcome
	}{
		{"closed port", context.Background(), closed.Addr().String(), outcome.Refused},
		{"canceled", canceled, open.Addr().String(), outcome.Canceled},
		{"too late", past, open.Addr().String(), outcome.Timeout},
		{"open port", context.Background(), open.Addr().String(), outcome.OK},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var d net.Dialer
			conn, err := d.DialContext(tt.ctx, "tcp", tt.addr)
			if err == nil {
				conn.Close()
			}
			if got := outcome.Of(err); got != tt.want {
				t.Errorf("%v: got %q, want %q", err, got, tt.want)
			}
		})
	}
}

func TestOfRealTLS(t *testing.T) {
	tests := []struct {
		name           string
		server, client *tls.Config
		want           outcome.Outcome
	}{
		{"unknown authority", &tls.Config{}, &tls.Config{ServerName: "tracker.example"}, outcome.TLS},
		{"alert of the other side", &tls.Config{MinVersion: tls.VersionTLS13},
			&tls.Config{MaxVersion: tls.VersionTLS12, InsecureSkipVerify: true}, outcome.TLS},
		{"agreed", &tls.Config{}, &tls.Config{InsecureSkipVerify: true}, outcome.OK},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tt.server.Certificates = []tls.Certificate{certificate(t)}
			l := tls.NewListener(listen(t), tt.server)
			done := make(chan struct{})
			go func() {
				defer close(done)
				if conn, err := l.Accept(); err == nil {
					// The server's view of the failure is not what is tested.
					_ = conn.(*tls.Conn).Handshake()
					conn.Close()
				}
			}()
			conn, err := tls.Dial("tcp", l.Addr().String(), tt.client)
			if err == nil {
				conn.Close()
			}
			if got := outcome.Of(err); got != tt.want {
				t.Errorf("%v: got %q, want %q", err, got, tt.want)
			}
			l.Close()
			<-done
		})
	}
}

func listen(t *testing.T) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

// certificate is one that nobody has signed.
func certificate(t *testing.T) tls.Certificate {
	t.Helper()
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	form := &x509.Certificate{SerialNumber: big.NewInt(1), DNSNames: []string{"tracker.example"}, NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, form, form, public, private)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: private}
}
