//go:build linux

package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"time"
)

// holdTime bounds the wait until all peers have been read.
const holdTime = 30 * time.Second

// calm is how long a process is left alone before its memory is read.
const calm = time.Second

// weight is a process's memory in KiB before and with its conversations.
type weight struct{ empty, full float64 }

// memory compares what is resident while conversations are held.
func (b *bench) memory() (lines []line, err error) {
	s, err := b.swarm(slots, true, false)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, s.peers.end()) }()
	var total, each, bareTotal, bareEach figures
	for range b.rounds {
		probe, err := b.probeHeld(s)
		if err != nil {
			return nil, err
		}
		bare, err := b.bareHeld(s)
		if err != nil {
			return nil, err
		}
		total, bareTotal = append(total, probe.full/1000), append(bareTotal, bare.full/1000)
		each, bareEach = append(each, (probe.full-probe.empty)/slots), append(bareEach, (bare.full-bare.empty)/slots)
	}
	return []line{
		{fmt.Sprintf("bt-probe -j %d, all held, resident : raw epoll", slots), fmt.Sprintf("%.1f MB", total.median()*1.024),
			fmt.Sprintf("%.1f MB", bareTotal.median()*1.024), total.over(bareTotal).span(), "", "ours <= 36 MB"},
		{"  per conversation", fmt.Sprintf("%.1f KiB", each.median()), fmt.Sprintf("%.2f KiB", bareEach.median()),
			each.over(bareEach).span(), "", "ours <= 12 KiB"},
	}, nil
}

// probeHeld weighs bt-probe: it is told of the torrents, and then of the peers.
func (b *bench) probeHeld(s *swarm) (w weight, err error) {
	out, err := os.Create(b.path("held.ndjson"))
	if err != nil {
		return w, fmt.Errorf("open output: %w", err)
	}
	defer out.Close()
	p, err := start(pinned(false, "", filepath.Join(b.bin, "bt-probe"), probeFlags()...), out)
	if err != nil {
		return w, err
	}
	defer func() { err = errors.Join(err, p.end()) }()
	if _, err = p.in.Write(s.torrents); err != nil {
		return w, fmt.Errorf("tell torrents: %w", err)
	}
	time.Sleep(calm)
	if w.empty, err = p.resident(); err != nil {
		return w, err
	}
	if _, err = p.in.Write(s.hearsay); err != nil {
		return w, fmt.Errorf("tell peers: %w", err)
	}
	if err = awaitReadings(out.Name(), s.n); err != nil {
		return w, err
	}
	time.Sleep(calm)
	w.full, err = p.resident()
	return w, err
}

// awaitReadings waits until so many peers have been read.
func awaitReadings(path string, n int) error {
	for began := time.Now(); ; time.Sleep(calm / 4) {
		records, err := os.ReadFile(path)
		if err != nil {
			return fmt.Errorf("count readings: %w", err)
		}
		got := bytes.Count(records, []byte(`{"type":"progress"`))
		if got >= n {
			return nil
		}
		if time.Since(began) > holdTime {
			return fmt.Errorf("bt-probe read %d of %d peers in %v", got, n, holdTime)
		}
	}
}

// bareHeld weighs the bare client.
func (b *bench) bareHeld(s *swarm) (w weight, err error) {
	p, err := start(pinned(false, "", filepath.Join(b.tools, "epoll"), "-hold", "-j", strconv.Itoa(slots), s.targets), nil)
	if err != nil {
		return w, err
	}
	defer func() { err = errors.Join(err, p.end()) }()
	if _, err := p.out.ReadString('\n'); err != nil {
		return w, fmt.Errorf("hear the bare client: %w", err)
	}
	if w.empty, err = p.resident(); err != nil {
		return w, err
	}
	if _, err := p.in.Write([]byte("\n")); err != nil {
		return w, fmt.Errorf("start the bare client: %w", err)
	}
	if _, err := p.hear("done %d\n"); err != nil {
		return w, err
	}
	w.full, err = p.resident()
	return w, err
}
