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

func (w weight) each() float64 { return (w.full - w.empty) / slots }

// memory compares what is resident while conversations are held: with the bare
// client, and of the other ways to a peer with that over plain TCP.
func (b *bench) memory() ([]line, error) {
	total, each := make([]figures, len(heldWays)), make([]figures, len(heldWays))
	var bareTotal, bareEach figures
	for range b.rounds {
		for i, w := range heldWays {
			probe, bare, err := b.held(w)
			if err != nil {
				return nil, err
			}
			total[i], each[i] = append(total[i], probe.full/1000), append(each[i], probe.each())
			if w == bareTCP {
				bareTotal, bareEach = append(bareTotal, bare.full/1000), append(bareEach, bare.each())
			}
		}
	}
	lines := []line{
		{fmt.Sprintf("bt-probe -j %d, all held, resident : raw epoll", slots), fmt.Sprintf("%.1f MB", total[0].median()*1.024),
			fmt.Sprintf("%.1f MB", bareTotal.median()*1.024), total[0].over(bareTotal).span(), "", "ours <= 36 MB"},
		{"  per conversation", fmt.Sprintf("%.1f KiB", each[0].median()), fmt.Sprintf("%.2f KiB", bareEach.median()),
			each[0].over(bareEach).span(), "", "ours <= 12 KiB"},
	}
	for i, w := range heldWays[1:] {
		ours := each[i+1]
		lines = append(lines, line{"  " + w.what + " : plain", fmt.Sprintf("%.1f KiB", ours.median()),
			fmt.Sprintf("%.1f KiB", each[0].median()), ours.over(each[0]).span(), "", ""})
	}
	return lines, nil
}

// heldWays are those that differ while a conversation is held: what agreed to
// go on in the clear is plain.
var heldWays = []way{bareTCP, overRC4, overUTP}

// held weighs bt-probe and, over plain TCP, the bare client.
func (b *bench) held(w way) (probe, bare weight, err error) {
	s, err := b.swarm(slots, w, true, false)
	if err != nil {
		return probe, bare, err
	}
	defer func() { err = errors.Join(err, s.peers.end()) }()
	if probe, err = b.probeHeld(s); err == nil && w == bareTCP {
		bare, err = b.bareHeld(s)
	}
	return probe, bare, err
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
