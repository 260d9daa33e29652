package dht

import (
	"errors"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestRestartNeedsNoBootstrap(t *testing.T)     { testRestart(t, false) }
func TestRestartAfterNodesChangedIDs(t *testing.T) { testRestart(t, true) }

func testRestart(t *testing.T, change bool) {
	bubble(t, func(t *testing.T) {
		file := filepath.Join(t.TempDir(), "nodes")
		d := newFakeDHT(30, 100, loopback)
		hash := d.randomID()
		c := d.client(t, func(c *Config) { c.NodesFile = file })
		lookupOnce(t, c, d.randomID())
		if err := c.Close(); err != nil {
			t.Fatalf("close: %v", err)
		}
		for _, n := range d.nodes { // each may have got another id since
			if change {
				n.id = d.randomID()
			}
		}
		for _, n := range d.nodes {
			n.table = nil
			d.fillTable(n)
		}
		d.announce(hash, 8, nil, somePeers(0, 5))
		c = d.client(t, func(c *Config) { c.NodesFile, c.Bootstrap = file, nil })
		found, r := lookupOnce(t, c, hash)
		if err := c.Close(); err != nil {
			t.Fatalf("close: %v", err)
		}
		if len(found) != 5 {
			t.Errorf("got %d peers (%+v), want 5", len(found), r)
		}
	})
}

// A run that asks one family keeps what the cache has of the other.
func TestCacheKeepsTheOtherFamily(t *testing.T) {
	bubble(t, func(t *testing.T) {
		file := filepath.Join(t.TempDir(), "nodes")
		other := strings.Repeat("ab", 20) + " [2606::1]:6881 1700000000"
		gone := strings.Repeat("cd", 20) + " 44.0.0.1:6881 1700000000"
		if err := os.WriteFile(file, []byte(nodeFileHead+"\n"+other+"\n"+gone+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		d := newFakeDHT(34, 30, public)
		c := d.client(t, func(c *Config) { c.NodesFile = file })
		lookupOnce(t, c, d.randomID())
		lookupOnce(t, c, d.randomID()) // a node that fell silent twice is forgotten
		if err := c.Close(); err != nil {
			t.Fatalf("close: %v", err)
		}
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		lines := strings.Split(strings.TrimSpace(string(text)), "\n")
		if !slices.Contains(lines, other) || slices.Contains(lines, gone) || len(lines) < closestK+2 {
			t.Errorf("got cache\n%s\nwant %q, not %q, and nodes that answered", text, other, gone)
		}
	})
}

// A cache of nodes that are all gone is as good as none.
func TestBootstrapWhenAllCachedNodesAreGone(t *testing.T) {
	bubble(t, func(t *testing.T) {
		file := filepath.Join(t.TempDir(), "nodes")
		text := nodeFileHead + "\n"
		for i := range 30 {
			text += fmt.Sprintln(RandomID(), public(3000+i), 1_700_000_000)
		}
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		d := newFakeDHT(33, 100, public)
		hash := d.randomID()
		d.announce(hash, 8, nil, somePeers(0, 5))
		c := d.client(t, func(c *Config) { c.NodesFile = file })
		found, r := lookupOnce(t, c, hash)
		_ = c.Close()
		if len(found) != 5 {
			t.Errorf("got %d peers (%+v), want 5 by way of the bootstrap node", len(found), r)
		}
	})
}

// Nodes that fall silent are forgotten, so that later lookups lose no time.
func TestSilentNodesAreForgotten(t *testing.T) {
	bubble(t, func(t *testing.T) {
		d := newFakeDHT(34, 60, public)
		hash := d.randomID()
		c := d.client(t, nil)
		lookupOnce(t, c, hash)
		for _, n := range d.closest(hash)[:8] {
			n.silent = true
		}
		for range 2 {
			lookupOnce(t, c, hash)
		}
		for _, n := range c.nets[0].known.all() {
			if d.at[n.Addr].silent {
				t.Errorf("%v is still known after two lookups in which it was silent", n.Addr)
			}
		}
		_ = c.Close()
	})
}

func TestCacheIsSavedWhileRunning(t *testing.T) {
	bubble(t, func(t *testing.T) {
		file := filepath.Join(t.TempDir(), "nodes")
		d := newFakeDHT(31, 40, loopback)
		c := d.client(t, func(c *Config) { c.NodesFile = file })
		lookupOnce(t, c, d.randomID())
		time.Sleep(saveEvery + time.Second)
		nodes, err := readNodeFile(file)
		_ = c.Close()
		if err != nil || len(nodes) < closestK {
			t.Errorf("got %d nodes and error %v, want at least %d and none", len(nodes), err, closestK)
		}
		left, _ := filepath.Glob(file + ".*")
		if len(left) > 0 {
			t.Errorf("got leftovers %v, want none", left)
		}
	})
}

func TestHostileCache(t *testing.T) {
	good := strings.Repeat("ab", 20) + " 127.0.0.1:6881 1700000000\n"
	for name, test := range map[string]struct {
		text string
		want int
		err  error
	}{
		"empty":            {"", 0, nil},
		"blank":            {"\n \n", 0, nil},
		"head only":        {nodeFileHead, 0, nil},
		"one node":         {nodeFileHead + "\n" + good, 1, nil},
		"CRLF":             {nodeFileHead + "\r\n" + strings.ReplaceAll(good, "\n", "\r\n"), 1, nil},
		"bad lines":        {nodeFileHead + "\nx\nab 1.2.3.4:5 6\n" + strings.Repeat("zz", 20) + " 1.2.3.4:5 6\n" + good, 1, nil},
		"port 0":           {nodeFileHead + "\n" + strings.Replace(good, "6881", "0", 1), 0, nil},
		"a zone":           {nodeFileHead + "\n" + strings.Replace(good, "127.0.0.1", "[fe80::1%eth0]", 1), 0, nil},
		"mapped":           {nodeFileHead + "\n" + strings.Replace(good, "127.0.0.1", "[::ffff:1.2.3.4]", 1), 0, nil},
		"binary":           {nodeFileHead + "\n\x00\xff\xfe\n" + good, 1, nil},
		"one long line":    {nodeFileHead + "\n" + strings.Repeat("a", 1<<20), 0, nil},
		"too many":         {nodeFileHead + "\n" + strings.Repeat(good, 3*maxKnown), 2 * maxKnown, nil},
		"of somebody else": {"d8:announce3:abce", 0, ErrNotNodeFile},
	} {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "nodes")
			if err := os.WriteFile(file, []byte(test.text), 0o600); err != nil {
				t.Fatal(err)
			}
			nodes, err := readNodeFile(file)
			if len(nodes) != test.want || !errors.Is(err, test.err) {
				t.Errorf("got %d nodes and error %v, want %d and %v", len(nodes), err, test.want, test.err)
			}
		})
	}
}

func TestCacheOfSomebodyElseIsNotOverwritten(t *testing.T) {
	file := filepath.Join(t.TempDir(), "x.torrent")
	if err := os.WriteFile(file, []byte("d4:infode"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(Config{NodesFile: file}); !errors.Is(err, ErrNotNodeFile) {
		t.Errorf("got %v, want %v", err, ErrNotNodeFile)
	}
	if b, err := os.ReadFile(file); string(b) != "d4:infode" {
		t.Errorf("got %q (%v) in the file, want it untouched", b, err)
	}
}

func TestCachedNodesObeyTheAddressRules(t *testing.T) {
	bubble(t, func(t *testing.T) {
		file := filepath.Join(t.TempDir(), "nodes")
		text := nodeFileHead + "\n" + strings.Repeat("ab", 20) + " 10.0.0.1:6881 1700000000\n" + strings.Repeat("cd", 20) + " 44.0.0.1:6881 1700000000\n"
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		d := newFakeDHT(32, 1, public)
		c := d.client(t, func(c *Config) { c.NodesFile, c.Allow, c.Bootstrap = file, nil, nil })
		_, r := lookupOnce(t, c, d.randomID())
		_ = c.Close()
		if r.Queried != 1 || d.log()[0].to != netip.MustParseAddrPort("44.0.0.1:6881") {
			t.Errorf("got %d nodes queried (%v), want the public one alone", r.Queried, d.log())
		}
	})
}

func TestKnownNodes(t *testing.T) {
	now := time.Unix(1_700_000_000, 0)
	addr := netip.MustParseAddrPort("44.0.0.1:6881")
	k := newKnown()
	for i := range 3 {
		got := k.answered(Node{ID: ID{byte(i)}, Addr: addr}, now)
		if want := i < maxStrikes; got != want {
			t.Errorf("id number %d of one address: got believed %v, want %v", i+1, got, want)
		}
	}
	if k.answered(Node{ID: ID{1}, Addr: addr}, now) {
		t.Error("a banned address is believed again, want it ignored for the run")
	}
	if !k.isBanned(addr) || k.len() != 0 {
		t.Error("an address with ever new ids is still known, want it banned")
	}
	for i := range maxKnown + 1 {
		k.answered(Node{ID: ID{1}, Addr: public(i)}, now.Add(time.Duration(i)*time.Second))
	}
	if k.len() > maxKnown {
		t.Errorf("got %d nodes, want at most %d", k.len(), maxKnown)
	}
	last := public(maxKnown)
	for range 2 {
		k.failed(last)
	}
	for _, n := range k.all() {
		if n.Addr == last || n.Addr == public(0) {
			t.Errorf("%v is still known, want the silent and the oldest forgotten", n.Addr)
		}
	}
}

func TestBootstrapList(t *testing.T) {
	for text, ok := range map[string]bool{
		"router.example:6881": true, "127.0.0.1:1": true, "[::1]:6881": true,
		"router.example": false, ":6881": false, "a:0": false, "a:65536": false, "a:b": false, "": false,
	} {
		if _, err := newBootstrap([]string{text}, nil); (err == nil) != ok {
			t.Errorf("%q: got error %v, want usable: %v", text, err, ok)
		}
	}
}

// FuzzNodeFile: any text gives an error or a bounded list of nodes, and what
// was read and written again reads the same.
func FuzzNodeFile(f *testing.F) {
	f.Add([]byte(nodeFileHead + "\n" + strings.Repeat("ab", 20) + " 127.0.0.1:6881 1700000000\n"))
	f.Add([]byte(nodeFileHead + "\n" + strings.Repeat("cd", 20) + " [2001:db8::1]:1 -5\n\x00 x y"))
	f.Add([]byte("anything"))
	f.Fuzz(func(t *testing.T, b []byte) {
		nodes, err := parseNodes(b)
		if err != nil {
			return
		}
		if len(nodes) > 2*maxKnown {
			t.Fatalf("got %d nodes, want at most %d", len(nodes), 2*maxKnown)
		}
		text := nodeFileHead + "\n"
		for _, n := range nodes {
			text += fmt.Sprintln(n.ID, n.Addr, n.seen.Unix())
		}
		again, err := parseNodes([]byte(text))
		if err != nil || len(again) != len(nodes) {
			t.Fatalf("got %d nodes and %v again, want %d", len(again), err, len(nodes))
		}
		for i := range nodes {
			if again[i].Node != nodes[i].Node {
				t.Errorf("got %v again, want %v", again[i], nodes[i])
			}
		}
	})
}
