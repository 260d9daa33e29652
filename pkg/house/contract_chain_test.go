package house

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"

	"btkit/pkg/store"
)

// chain is the whole pipe of the README, the sink left out.
var chain = []string{"bt-meta", "bt-listen", "bt-peers-tracker", "bt-peers-dht", "bt-probe", "bt-geo", "bt-confirm"}

// TestOneInterruptEndsTheWholeChain runs the chain as a shell does, in one
// process group: all end by themselves, and no record is lost between them.
func TestOneInterruptEndsTheWholeChain(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	database := filepath.Join(dir, "x.db")
	running := startChain(t, writeTorrent(t, dir), database)
	until(t, "the torrent is in the database", func() bool { return len(endsAndTorrents(database).torrents) > 0 })
	if err := syscall.Kill(-running[0].Process.Pid, syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	for _, cmd := range running {
		if err := cmd.Wait(); err != nil {
			t.Errorf("%v: %v", cmd.Args, err)
		}
		if said := cmd.Stderr.(*notes).String(); said != "" {
			t.Errorf("%v: standard error %q, want nothing", cmd.Args, said)
		}
	}
	checkEnds(t, endsAndTorrents(database).ends)
}

func checkEnds(t *testing.T, ends map[string]end) {
	t.Helper()
	for i, name := range chain {
		e, ok := ends[name]
		if !ok {
			t.Errorf("no end record of %s in the database", name)
			continue
		}
		if want := map[bool]string{true: "done", false: "signal"}[i == 0]; e.why != want {
			t.Errorf("%s ended for %q, want %q", name, e.why, want)
		}
		if i == 0 || os.Getenv("BT_GREASE") == "1" { // grease is not counted as written
			continue
		}
		if before := ends[chain[i-1]]; e.seen != before.wrote+1 {
			t.Errorf("%s read %d records, %s wrote %d and its end", name, e.seen, chain[i-1], before.wrote)
		}
	}
}

// startChain starts all commands of the chain and bt-store behind them.
func startChain(t *testing.T, torrent, database string) []*exec.Cmd {
	t.Helper()
	var all []*exec.Cmd
	var in *os.File
	for i, name := range append(chain[:len(chain):len(chain)], "bt-store") {
		cmd := program{name: name}.command(t)
		switch name {
		case "bt-meta":
			cmd.Args = append(cmd.Args, torrent)
		case "bt-store":
			cmd.Args = append(cmd.Args, "--quiet", database) // it says what it stored
		}
		cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
		if i > 0 {
			cmd.SysProcAttr.Pgid = all[0].Process.Pid
			cmd.Stdin = in
		}
		read, write, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		cmd.Stdout, cmd.Stderr = write, new(notes)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		write.Close()
		if in != nil {
			in.Close()
		}
		in = read
		all = append(all, cmd)
	}
	t.Cleanup(func() { in.Close() })
	return all
}

// end is an end record in the database.
type end struct {
	seen, wrote int64
	why         string
}

type stored struct {
	ends     map[string]end
	torrents []string
}

// endsAndTorrents reads a database, which may be in the making: what cannot be
// read is missing.
func endsAndTorrents(path string) stored {
	found := stored{ends: map[string]end{}}
	db, err := store.OpenReader(context.Background(), path)
	if err != nil {
		return found
	}
	defer db.Close()
	rows, err := db.Query(`SELECT "by", seen, wrote, why FROM "end" UNION ALL SELECT infohash, 0, 0, 'torrent' FROM torrent`)
	if err != nil {
		return found
	}
	defer rows.Close()
	for rows.Next() {
		var name string
		var e end
		if rows.Scan(&name, &e.seen, &e.wrote, &e.why) != nil {
			return found
		}
		if e.why == "torrent" {
			found.torrents = append(found.torrents, name)
		} else {
			found.ends[name] = e
		}
	}
	return found
}
