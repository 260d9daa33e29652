package main

import (
	"strings"
	"testing"

	"github.com/maxmind/mmdbwriter/mmdbtype"
	"github.com/rogpeppe/go-internal/testscript"

	"btkit/pkg/geo/geotest"
	"btkit/pkg/script"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"bt-geo": main})
}

func TestScripts(t *testing.T) {
	script.Run(t, script.Commands{"databases": databases, "database": database, "dns": dns}, "BT_GEOIP=no-such-folder")
}

// databases FOLDER writes the invented databases of the loopback network.
func databases(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: databases FOLDER")
	}
	ts.Check(geotest.Write(ts.MkAbs(args[0])))
}

// database FILE CITY writes a database that has the whole loopback network in
// one city.
func database(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: database FILE CITY")
	}
	ts.Check(geotest.WriteDatabase(ts.MkAbs(args[0]), "City", []geotest.Entry{
		{Network: "127.0.0.0/8", Value: mmdbtype.Map{"city": mmdbtype.String(args[1])}}}))
}

// dns ADDRESS=NAME... starts a DNS server and puts its address into $DNS.
func dns(ts *testscript.TestScript, neg bool, args []string) {
	names := map[string]string{}
	for _, arg := range args {
		addr, name, ok := strings.Cut(arg, "=")
		if neg || !ok {
			ts.Fatalf("usage: dns ADDRESS=NAME...")
		}
		names[addr] = name
	}
	server, err := geotest.StartDNS(names)
	ts.Check(err)
	ts.Defer(func() { ts.Check(server.Close()) })
	ts.Setenv("DNS", server.Addr)
}
