package store

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"testing"
	"time"

	"btkit/pkg/record"
)

// childEnv names the database that a re-executed test binary writes to.
const childEnv = "BTKIT_TEST_CRASH_CHILD"

func TestMain(m *testing.M) {
	if path := os.Getenv(childEnv); path != "" {
		if err := writeForEver(path); err != nil {
			fmt.Fprintln(os.Stderr, err)
		}
		return // no test has run: the parent expects to have killed us
	}
	os.Exit(m.Run())
}

// writeForEver stores records and prints the last seq of every commit.
func writeForEver(path string) error {
	db, err := Open(context.Background(), path, Options{Key: testKey})
	if err != nil {
		return err
	}
	s := New(db, nil, nil, nil)
	done := make(chan struct{})
	go func() { defer close(done); s.Run(nil) }()
	for seq := 1; ; seq++ {
		l, err := record.ParseLine(fmt.Appendf(nil,
			`{"type":"peer","v":1,"by":"b","run":"%d","seq":%d,"ip":"127.0.0.1","port":5}`, os.Getpid(), seq))
		if err != nil {
			return err
		}
		if err := s.Hear(l); err != nil {
			<-done
			return errors.Join(err, s.Err())
		}
		if seq%97 == 0 {
			s.Flush()
			fmt.Println(seq)
		}
	}
}

// TestKillLosesNoAcknowledgedBatch kills a writer at random moments.
func TestKillLosesNoAcknowledgedBatch(t *testing.T) {
	path := tempDB(t)
	for round := range 8 {
		t.Run(strconv.Itoa(round), func(t *testing.T) {
			run, acknowledged := killOnce(t, path, rand.IntN(20))
			wantRows(t, path, "PRAGMA integrity_check", "ok")
			wantRows(t, path, fmt.Sprintf("SELECT count(DISTINCT seq) FROM peer WHERE run = '%d' AND seq <= %d", run, acknowledged),
				strconv.Itoa(acknowledged))
			wantRows(t, path, fmt.Sprintf("SELECT max(seq) - count(*) FROM peer WHERE run = '%d'", run), "0")
		})
	}
}

// killOnce waits for so many acknowledgements and a moment more.
func killOnce(t *testing.T, path string, after int) (run, acknowledged int) {
	t.Helper()
	child := exec.Command(os.Args[0])
	child.Env = append(os.Environ(), childEnv+"="+path)
	child.Stderr = os.Stderr
	out, err := child.StdoutPipe()
	must(t, err)
	must(t, child.Start())
	lines := bufio.NewScanner(out)
	for n := 0; lines.Scan(); n++ {
		acknowledged, err = strconv.Atoi(lines.Text())
		must(t, err)
		if n == after {
			time.Sleep(time.Duration(rand.IntN(5000)) * time.Microsecond)
			must(t, child.Process.Kill())
		}
	}
	if err := child.Wait(); err == nil {
		t.Fatal("the writer ended by itself")
	}
	return child.Process.Pid, acknowledged
}
