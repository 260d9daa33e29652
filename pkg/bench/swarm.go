//go:build linux

package main

import (
	"bytes"
	"crypto/sha1"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strconv"

	"btkit/pkg/record"
)

const (
	pieces = 1000 // of every torrent
	slots  = 1000 // conversations at once
)

// firstAddr is that of the first peer; each has one of its own.
var firstAddr = netip.AddrFrom4([4]byte{127, 88, 0, 1})

// swarm is the peers and what the clients are told of them.
type swarm struct {
	way      way
	peers    *process
	torrents []byte // records
	hearsay  []byte // records of the peers, and of how they came before if the way is to be known
	targets  string // file for the bare client
	input    string // file of all records
	n        int
}

// swarm starts peers that are complete or, with held, will never be.
func (b *bench) swarm(n int, w way, held, pin bool) (*swarm, error) {
	s := &swarm{way: w, targets: b.path("targets"), input: b.path("input" + w.name + ".ndjson"), n: n}
	args := []string{"-way", w.name, "-torrent", infohash(0)}
	if held {
		args = append(args, "-pieces", strconv.Itoa(pieces))
	}
	var err error
	if s.peers, err = start(pinned(pin, peerCore, filepath.Join(b.tools, "responder"), args...), nil); err != nil {
		return nil, err
	}
	port, err := s.peers.hear("port %d")
	if err == nil {
		err = s.describe(uint16(port))
	}
	if err != nil {
		return nil, errors.Join(err, s.peers.end())
	}
	return s, nil
}

// describe writes down who is where.
func (s *swarm) describe(port uint16) error {
	var targets, torrents, hearsay bytes.Buffer
	named, heard := newWriter(&torrents), newWriter(&hearsay)
	hash, ip := infohash(0), firstAddr
	err := named.Put(&record.Torrent{InfoHash: hash, Pieces: pieces, PieceBytes: 1 << 18})
	for range s.n {
		at := netip.AddrPortFrom(ip, port)
		err = errors.Join(err, s.way.tell(heard, at, hash))
		fmt.Fprintln(&targets, at, hash)
		ip = ip.Next()
	}
	if err = errors.Join(err, named.Close(), heard.Close()); err != nil {
		return fmt.Errorf("describe peers: %w", err)
	}
	s.torrents, s.hearsay = torrents.Bytes(), hearsay.Bytes()
	return errors.Join(os.WriteFile(s.targets, targets.Bytes(), 0o644),
		os.WriteFile(s.input, slices.Concat(s.torrents, s.hearsay), 0o644))
}

// newWriter writes made-up records, the same in every run.
func newWriter(w io.Writer) *record.Writer {
	return record.NewWriter(w, "bench", "00000000000000b1", false)
}

// infohash makes up the torrent of that number.
func infohash(n int) string {
	hash := sha1.Sum([]byte{byte(n), byte(n >> 8)})
	return hex.EncodeToString(hash[:])
}
