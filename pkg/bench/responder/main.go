//go:build linux

// Command responder is the peers of the benchmark: one behind every loopback
// address, with as little work per conversation as can be, so that the clients
// are what is measured. Peers with a behaviour are package lab's.
package main

import (
	"flag"
	"fmt"
	"io"
	"os"
)

func main() {
	pieces := flag.Int("pieces", 0, "send a half bitfield of so many pieces instead of have-all")
	way := flag.String("way", "", "answer as streams, by goroutines: plain, rc4, mse-plain or utp (default: plain, on one thread without)")
	torrent := flag.String("torrent", "", "answer encrypted calls for the torrent of this `INFOHASH`")
	flag.Parse()
	if err := run(*way, *torrent, newWords(*pieces)); err != nil {
		fmt.Fprintln(os.Stderr, "responder:", err)
	}
}

// server answers all who come to its port.
type server interface {
	port() int
	serve() error
}

// run says "port P" when that port is open at all addresses, and answers until
// standard input ends.
func run(way, torrent string, w *words) error {
	s, err := open(way, torrent, w)
	if err != nil {
		return err
	}
	fmt.Println("port", s.port())
	failed := make(chan error, 2) // room for both who write to it
	go func() { failed <- s.serve() }()
	go func() {
		_, err := io.Copy(io.Discard, os.Stdin)
		failed <- err
	}()
	return <-failed
}

func open(way, torrent string, w *words) (server, error) {
	if way == "" {
		return newPoll(w)
	}
	return newStreams(way, torrent, w)
}
