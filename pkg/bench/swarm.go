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
	"strconv"

	"btkit/pkg/record"
)

const (
	firstAddr = "127.88.0.1"
	addrs     = 250  // addresses of a swarm; each is a peer of every torrent
	pieces    = 1000 // of every torrent
	slots     = 1000 // conversations at once
)

// swarm is the peers and what the clients are told of them.
type swarm struct {
	peers    *process
	torrents []byte // records
	hearsay  []byte // peer records
	targets  string // file for the bare client
	n        int
}

// swarm starts peers that are complete or, with held, will never be.
func (b *bench) swarm(n int, held, pin bool) (*swarm, error) {
	args := []string{"-first", firstAddr, "-n", strconv.Itoa(addrs)}
	if held {
		args = append(args, "-pieces", strconv.Itoa(pieces))
	}
	peers, err := start(pinned(pin, peerCore, filepath.Join(b.tools, "responder"), args...), nil)
	if err != nil {
		return nil, err
	}
	port, err := peers.hear("port %d")
	if err != nil {
		return nil, err
	}
	s := &swarm{peers: peers, targets: b.path("targets"), n: (n + addrs - 1) / addrs * addrs}
	return s, s.describe(uint16(port))
}

// describe writes down who is where.
func (s *swarm) describe(port uint16) error {
	var targets, torrents, hearsay bytes.Buffer
	named, heard := newWriter(&torrents), newWriter(&hearsay)
	for t := range s.n / addrs {
		hash := infohash(t)
		err := named.Put(&record.Torrent{InfoHash: hash, Pieces: pieces, PieceBytes: 1 << 18})
		ip := netip.MustParseAddr(firstAddr)
		for range addrs {
			err = errors.Join(err, heard.Put(&record.Peer{InfoHash: hash, IP: ip, Port: port, Source: "file"}))
			fmt.Fprintln(&targets, netip.AddrPortFrom(ip, port), hash)
			ip = ip.Next()
		}
		if err != nil {
			return err
		}
	}
	if err := errors.Join(named.Close(), heard.Close()); err != nil {
		return err
	}
	s.torrents, s.hearsay = torrents.Bytes(), hearsay.Bytes()
	return os.WriteFile(s.targets, targets.Bytes(), 0o644)
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
