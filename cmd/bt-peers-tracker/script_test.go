package main

import (
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"btkit/pkg/geo/geotest"
	"btkit/pkg/lab/trackerd"
	"btkit/pkg/script"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"bt-peers-tracker": main})
}

func TestScripts(t *testing.T) {
	script.Run(t, script.Commands{"trackers": startTrackers, "log": startLog, "await": await, "envfile": envFile, "dns": startDNS})
}

// startTrackers runs a tracker over HTTP and one over UDP, which know two
// torrents ($ONE with two peers, $TWO with none), and another that answers
// pages. Their URLs are $HTTP, $UDP and $PAGE.
func startTrackers(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) > 0 {
		ts.Fatalf("usage: trackers")
	}
	one, two := trackerd.Hash{1}, trackerd.Hash{2}
	table := trackerd.NewTable(rand.New(rand.NewPCG(1, 1)), one, two)
	table.Join(one, trackerd.Member{Addr: netip.MustParseAddrPort("192.0.2.1:6881")})
	table.Join(one, trackerd.Member{Addr: netip.MustParseAddrPort("192.0.2.2:6882"), Seed: true})
	server, err := trackerd.Open(table, trackerd.Options{})
	ts.Check(err)
	ts.Defer(func() { ts.Check(server.Close()) })
	page := httptest.NewServer(http.NotFoundHandler())
	ts.Defer(page.Close)
	for name, value := range map[string]string{"HTTP": server.HTTPURL(), "UDP": server.UDPURL(), "PAGE": page.URL + "/announce",
		"ONE": hex.EncodeToString(one[:]), "TWO": hex.EncodeToString(two[:]), "BT_ALLOW_PRIVATE": "1"} {
		ts.Setenv(name, value)
	}
}

// startLog runs a tracker at $LOG, and at $TLS with a certificate by ca.pem,
// that writes the questions it hears into the file "asked", and with the
// senders' addresses into "from", and has no peers.
func startLog(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) > 0 {
		ts.Fatalf("usage: log")
	}
	var mu sync.Mutex
	asked, err := os.Create(ts.MkAbs("asked"))
	ts.Check(err)
	from, err := os.Create(ts.MkAbs("from"))
	ts.Check(err)
	hear := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		fmt.Fprintln(asked, r.URL.RequestURI(), r.UserAgent())
		fmt.Fprintln(from, r.URL.RequestURI(), netip.MustParseAddrPort(r.RemoteAddr).Addr())
		fmt.Fprint(w, "d8:intervali1800e5:peers0:e")
	})
	plain, secret := httptest.NewServer(hear), httptest.NewTLSServer(hear)
	ts.Defer(func() { plain.Close(); secret.Close(); ts.Check(errors.Join(asked.Close(), from.Close())) })
	ts.Setenv("LOG", plain.URL)
	ts.Setenv("TLS", secret.URL)
	ca := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: secret.Certificate().Raw})
	ts.Check(os.WriteFile(ts.MkAbs("ca.pem"), ca, 0o644))
}

// startDNS runs a DNS server at $DNS that knows the name of an address, and
// the tracker of a domain, which listens at the port of a URL.
func startDNS(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 4 {
		ts.Fatalf("usage: dns ADDRESS=NAME HOST URL DOMAIN")
	}
	addr, name, _ := strings.Cut(args[0], "=")
	server, err := geotest.StartDNS(map[string]string{addr: name})
	ts.Check(err)
	ts.Defer(func() { ts.Check(server.Close()) })
	at := netip.MustParseAddrPort(strings.TrimPrefix(args[2], "http://"))
	ts.Check(server.Serve("_bittorrent-tracker._tcp."+args[3], args[1], at.Port()))
	ts.Setenv("DNS", server.Addr)
}

// await waits until a file holds a text.
func await(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: await FILE TEXT")
	}
	for range 200 {
		if strings.Contains(ts.ReadFile(args[0]), args[1]) {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	ts.Fatalf("%s does not come to hold %q:\n%s", args[0], args[1], ts.ReadFile(args[0]))
}

// envFile puts the values of variables into a file.
func envFile(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: envfile FILE")
	}
	text := os.Expand(ts.ReadFile(args[0]), ts.Getenv)
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(text), 0o644))
}
