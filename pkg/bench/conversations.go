//go:build linux

package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
)

// conversations compares how many peers a second are visited once, on one
// core.
func (b *bench) conversations() (lines []line, err error) {
	pin := b.canPin()
	s, err := b.swarm(b.peers, bareTCP, false, pin)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, s.peers.end()) }()
	all, err := race(b.rounds,
		func() (sample, error) { return b.probeOnce(s, pin) },
		func() (sample, error) { return b.bareOnce(s, pin) })
	if err != nil {
		return nil, err
	}
	return []line{rates("bt-probe --once, conversations, one core : raw epoll", all[0], all[1], ">= 0.5")}, nil
}

// probeOnce visits all peers with bt-probe.
func (b *bench) probeOnce(s *swarm, pin bool) (sample, error) {
	cmd := pinned(pin, clientCore, filepath.Join(b.bin, "bt-probe"), append(probeFlags(), "--once")...)
	out := b.path("visits.ndjson")
	got, err := timed(cmd, s.input, out)
	if err != nil {
		return got, err
	}
	records, err := os.ReadFile(out)
	if err != nil {
		return got, fmt.Errorf("count visits: %w", err)
	}
	if got.n = s.way.count(records); got.n != int64(s.n) {
		fmt.Fprintf(b.remarks, "bench: bt-probe read %d of %d peers %s\n", got.n, s.n, s.way.what)
	}
	return got, nil
}

// probeFlags take away what holds bt-probe back from peers of the lab.
func probeFlags() []string {
	return []string{"--allow-private", "--rate", "0", "--per-net", "0", "-j", strconv.Itoa(slots), "--stats", "0", "-q"}
}

// bareOnce visits all peers with the bare client.
func (b *bench) bareOnce(s *swarm, pin bool) (sample, error) {
	out := b.path("bare")
	got, err := timed(pinned(pin, clientCore, filepath.Join(b.tools, "epoll"), "-j", strconv.Itoa(slots), s.targets), "", out)
	if err != nil {
		return got, err
	}
	said, err := os.ReadFile(out)
	if err == nil {
		_, err = fmt.Sscanf(string(said), "ready\ndone %d\n", &got.n)
	}
	if err != nil {
		return got, fmt.Errorf("hear the bare client: %w", err)
	}
	if got.n != int64(s.n) {
		fmt.Fprintf(b.remarks, "bench: the bare client read %d of %d peers\n", got.n, s.n)
	}
	return got, nil
}
