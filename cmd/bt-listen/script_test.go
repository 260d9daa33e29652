package main

import (
	"encoding/hex"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"btkit/pkg/script"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"bt-listen": main})
}

func TestScripts(t *testing.T) { script.Run(t, script.Commands{"announce": announce}) }

var portOf = regexp.MustCompile(`"type":"listen".*?"port":(\d+)`)

// announce tells the lab's tracker the port of the listen record in a file,
// which may still have to be written: announce FILE.
func announce(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: announce FILE")
	}
	var port string
	for range 200 {
		if found := portOf.FindStringSubmatch(ts.ReadFile(args[0])); found != nil {
			port = found[1]
			break
		}
		time.Sleep(20 * time.Millisecond)
	}
	hash, err := hex.DecodeString(ts.Getenv("HASH"))
	ts.Check(err)
	reply, err := http.Get(fmt.Sprintf("%s?info_hash=%s&peer_id=-BK0100-announcetest&port=%s&left=1&uploaded=0&downloaded=0&compact=1",
		ts.Getenv("BT_LAB_TRACKER_HTTP"), url.QueryEscape(string(hash)), port))
	ts.Check(err)
	ts.Check(reply.Body.Close())
}
