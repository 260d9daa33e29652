package main

import (
	"context"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"btkit/pkg/lsd"
	"btkit/pkg/script"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"bt-peers-lsd": main})
}

func TestScripts(t *testing.T) {
	script.Run(t, script.Commands{"group": startGroup, "neighbour": startNeighbour, "await": await}, "BT_LSD_INTERFACE=lo")
}

// startGroup makes a group of the script's own, on the loopback interface, at
// $BT_LSD_GROUP, and writes the datagrams sent there into the file "heard".
func startGroup(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) > 0 {
		ts.Fatalf("usage: group")
	}
	// All groups share one port, so that none has to be found free.
	number := rand.N(1 << 16)
	group := netip.AddrFrom4([4]byte{239, 193, byte(number >> 8), byte(number)})
	ts.Setenv("BT_LSD_GROUP", netip.AddrPortFrom(group, lsd.Group4.Port()).String())
	w := join(ts)
	file, err := os.Create(ts.MkAbs("heard"))
	ts.Check(err)
	var reading sync.WaitGroup
	reading.Go(func() {
		buf := make([]byte, lsd.MaxPacket)
		for {
			n, _, err := w.Receive(buf)
			if err != nil {
				return
			}
			fmt.Fprintf(file, "%s", buf[:n])
		}
	})
	ts.Defer(func() { w.Close(); reading.Wait(); file.Close() })
}

func join(ts *testscript.TestScript) lsd.Wire {
	links, err := lsd.Links([]string{"lo"})
	ts.Check(err)
	w, err := lsd.Open(context.Background(), netip.MustParseAddrPort(ts.Getenv("BT_LSD_GROUP")), links)
	ts.Check(err)
	return w
}

// startNeighbour is a client that announces a torrent and its port again and
// again, since nobody hears what is said before he listens.
func startNeighbour(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: neighbour HASH PORT")
	}
	hash, err := hex.DecodeString(args[0])
	ts.Check(err)
	port, err := strconv.ParseUint(args[1], 10, 16)
	ts.Check(err)
	m := lsd.Message{Host: ts.Getenv("BT_LSD_GROUP"), Port: uint16(port), InfoHashes: []lsd.Hash{lsd.Hash(hash)}, Cookie: "neighbour"}
	w, quit := join(ts), make(chan struct{})
	var talking sync.WaitGroup
	talking.Go(func() {
		for {
			_ = w.Send(m.Append(nil)) // the script fails when nothing arrives
			select {
			case <-quit:
				return
			case <-time.After(100 * time.Millisecond):
			}
		}
	})
	ts.Defer(func() { close(quit); talking.Wait(); w.Close() })
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
