package mse

import (
	"bytes"
	"io"
	"net"
	"testing"

	"btkit/pkg/outcome"
)

var torrent = [20]byte{1, 2, 3, 0x13}

// ended is what one side ended with.
type ended struct {
	conn net.Conn
	Result
	err error
}

// loopback gives both ends of a TCP connection.
func loopback(t testing.TB) (a, b net.Conn) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if a, err = net.Dial("tcp", l.Addr().String()); err != nil {
		t.Fatal(err)
	}
	if b, err = l.Accept(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { a.Close(); b.Close() })
	return a, b
}

func pipe(t testing.TB) (a, b net.Conn) {
	a, b = net.Pipe()
	t.Cleanup(func() { a.Close(); b.Close() })
	return a, b
}

// meet lets the two ends shake hands.
func meet(a, b net.Conn, ia []byte, oa Options, r *Receiver) (caller, called ended) {
	got := make(chan ended, 1) // the one result
	go func() {
		conn, result, err := r.Accept(b, nil)
		if err != nil {
			b.Close()
		}
		got <- ended{conn, result, err}
	}()
	conn, result, err := Initiate(a, torrent, ia, oa)
	if err != nil {
		a.Close()
	}
	return ended{conn, result, err}, <-got
}

func TestInitiateAgainstAccept(t *testing.T) {
	streams := map[string]func(testing.TB) (net.Conn, net.Conn){"tcp": loopback, "pipe": pipe}
	tests := []struct {
		name           string
		provide, takes Method
		want           Method
	}{
		{"both have both", 0, 0, Plain},
		{"caller wants RC4", RC4, 0, RC4},
		{"called wants RC4", 0, RC4, RC4},
		{"caller wants clear", Plain, 0, Plain},
		{"called wants clear", 0, Plain, Plain},
	}
	var keys Keys
	keys.Add([20]byte{9})
	keys.Add(torrent)
	for _, tt := range tests {
		for kind, stream := range streams {
			for _, ia := range [][]byte{nil, bytes.Repeat([]byte{7}, 68), bytes.Repeat([]byte{8}, maxIA)} {
				t.Run(tt.name+"/"+kind, func(t *testing.T) {
					a, b := stream(t)
					from, at := meet(a, b, ia, Options{Methods: tt.provide}, NewReceiver(&keys, Options{Methods: tt.takes}))
					if from.err != nil || at.err != nil {
						t.Fatalf("got %v and %v", from.err, at.err)
					}
					if from.Selected != tt.want || at.Selected != tt.want || at.SKEY != torrent || from.SKEY != torrent || at.Provided != from.Provided {
						t.Errorf("got %+v and %+v, want %d", from.Result, at.Result, tt.want)
					}
					if heard, err := readN(at.conn, len(ia)); err != nil || !bytes.Equal(heard, ia) {
						t.Errorf("payload: got %x, %v, want %x", heard, err, ia)
					}
					echo(t, from.conn, at.conn)
					echo(t, at.conn, from.conn)
				})
			}
		}
	}
}

func readN(c net.Conn, n int) ([]byte, error) {
	b := make([]byte, n)
	_, err := io.ReadFull(c, b)
	return b, err
}

// echo says more than one buffer from a to b and compares.
func echo(t *testing.T, a, b net.Conn) {
	t.Helper()
	said := make([]byte, 3*sealSize+5)
	for i := range said {
		said[i] = byte(i * i)
	}
	kept := append([]byte(nil), said...)
	sent := make(chan error, 1) // the one result
	go func() {
		_, err := a.Write(said)
		sent <- err
	}()
	heard, err := readN(b, len(said))
	if err != nil || !bytes.Equal(heard, kept) {
		t.Errorf("got %d bytes that differ, or %v", len(heard), err)
	}
	if err := <-sent; err != nil {
		t.Error(err)
	}
	if !bytes.Equal(said, kept) {
		t.Error("the caller's bytes were changed")
	}
}

func TestFailures(t *testing.T) {
	tests := []struct {
		name           string
		serve          [20]byte
		provide, takes Method
		caller, called outcome.Outcome
	}{
		{"unknown torrent", [20]byte{4}, 0, 0, outcome.Closed, outcome.UnknownHash},
		{"no method in common", torrent, Plain, RC4, outcome.Closed, outcome.Unsupported},
		{"unknown method", torrent, 4, 0, outcome.Closed, outcome.Unsupported},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var keys Keys
			keys.Add(tt.serve)
			a, b := pipe(t)
			from, at := meet(a, b, nil, Options{Methods: tt.provide}, NewReceiver(&keys, Options{Methods: tt.takes}))
			if got := outcome.Of(from.err); got != tt.caller {
				t.Errorf("caller: got %v (%v), want %v", got, from.err, tt.caller)
			}
			if got := outcome.Of(at.err); got != tt.called {
				t.Errorf("called: got %v (%v), want %v", got, at.err, tt.called)
			}
		})
	}
}
