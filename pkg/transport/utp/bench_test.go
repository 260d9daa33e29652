package utp

import (
	"context"
	"io"
	"net"
	"runtime"
	"testing"
)

// idle opens conversations that have exchanged a word and say nothing more.
func idle(tb testing.TB, n int) []net.Conn {
	server, client := onLoopback(tb, "127.0.0.1:0", Options{Backlog: n}), onLoopback(tb, "127.0.0.1:0", Options{})
	var all []net.Conn
	hello := make([]byte, 68)
	for range n {
		a, err := client.Dial(context.Background(), addrOf(server))
		if err != nil {
			tb.Fatal(err)
		}
		if _, err := a.Write(hello); err != nil {
			tb.Fatal(err)
		}
		b, err := server.Accept()
		if err != nil {
			tb.Fatal(err)
		}
		if _, err := io.ReadFull(b, hello); err != nil {
			tb.Fatal(err)
		}
		all = append(all, a, b)
	}
	return all
}

func heapBytes() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// idleMost is what an idle conversation may cost, in bytes.
const idleMost = 3 << 10

// bytesPerConn measures idle conversations.
func bytesPerConn(tb testing.TB, n int) int64 {
	before := heapBytes()
	all := idle(tb, n)
	each := (heapBytes() - before) / int64(len(all))
	runtime.KeepAlive(all)
	return each
}

func TestIdleMemory(t *testing.T) {
	if each := bytesPerConn(t, 1000); each > idleMost {
		t.Errorf("an idle conversation takes %d bytes, want at most %d", each, idleMost)
	} else {
		t.Logf("an idle conversation takes %d bytes", each)
	}
}

// What an idle conversation takes: the reported bytes/conn.
func BenchmarkIdle(b *testing.B) {
	for b.Loop() {
		b.ReportMetric(float64(bytesPerConn(b, 2000)), "bytes/conn")
	}
}

// One visit: dial, a handshake each way, and the end.
func BenchmarkVisit(b *testing.B) {
	server, client := onLoopback(b, "127.0.0.1:0", Options{Backlog: 16}), onLoopback(b, "127.0.0.1:0", Options{})
	echo(b, server)
	b.ReportAllocs()
	hello := make([]byte, 68)
	for b.Loop() {
		c, err := client.Dial(context.Background(), addrOf(server))
		if err != nil {
			b.Fatal(err)
		}
		if _, err := c.Write(hello); err != nil {
			b.Fatal(err)
		}
		if _, err := io.ReadFull(c, hello); err != nil {
			b.Fatal(err)
		}
		if err := c.(*Conn).Abort(); err != nil {
			b.Fatal(err)
		}
	}
}

// A stream from one socket to another on loopback.
func BenchmarkStream(b *testing.B) {
	server, client := onLoopback(b, "127.0.0.1:0", Options{Backlog: 1}), onLoopback(b, "127.0.0.1:0", Options{})
	done := make(chan error, 1)
	go func() {
		c, err := server.Accept()
		if err == nil {
			_, err = io.Copy(io.Discard, c)
		}
		done <- err
	}()
	c := dial(b, client, addrOf(server))
	chunk := make([]byte, 64<<10)
	b.SetBytes(int64(len(chunk)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := c.Write(chunk); err != nil {
			b.Fatal(err)
		}
	}
	c.Close()
	if err := <-done; err != nil {
		b.Fatal(err)
	}
}
