//go:build linux

package main

import (
	"bytes"
	"errors"
	"fmt"
	"net/netip"

	"btkit/pkg/record"
	"btkit/pkg/visit"
)

// way is how the peers of a swarm are talked to.
type way struct {
	name string // of the responder's flag
	what string // for people
	// As visit records have it.
	transport, crypto string
}

var (
	bareTCP   = way{"", "over TCP", "tcp", "plain"} // answered on one thread, as the bare client is
	overTCP   = way{"plain", "over TCP", "tcp", "plain"}
	overRC4   = way{"rc4", "encrypted (rc4)", "tcp", "rc4"}
	overClear = way{"mse-plain", "encrypted handshake (mse-plain)", "tcp", "mse-plain"}
	overUTP   = way{"utp", "over uTP", "utp", "plain"}
)

// tell says that a peer is there and, unless the bare client is to be compared,
// in which way it came to a listener before: that is how bt-probe calls it. A peer
// that is called before that is read is found over TCP to be not there, and
// called over uTP then, so that only the figures suffer.
func (w way) tell(to *record.Writer, at netip.AddrPort, infohash string) error {
	peer := &record.Peer{InfoHash: infohash, IP: at.Addr(), Port: at.Port(), Source: "file"}
	if w.name == "" {
		return to.Put(peer)
	}
	if w.encrypted() {
		peer.Encryption = record.Bool(true)
	}
	return errors.Join(to.Put(peer), to.Put(&record.Visit{InfoHash: infohash, IP: at.Addr(), Port: at.Port(), ListenPort: at.Port(),
		Direction: visit.In, Transport: w.transport, Crypto: w.crypto, Outcome: "ok", Stage: visit.StageOpen}))
}

func (w way) encrypted() bool { return w.crypto != "plain" }

// count says how many peers were read in this way.
func (w way) count(records []byte) (n int64) {
	way := fmt.Appendf(nil, `"transport":%q,"crypto":%q`, w.transport, w.crypto)
	for line := range bytes.Lines(records) {
		if bytes.Contains(line, []byte(`"stage":"settled"`)) && bytes.Contains(line, way) {
			n++
		}
	}
	return n
}

// fewer is by how much fewer peers are talked to in all ways than against the
// bare client, since that takes longer.
const fewer = 4

// ways compares how many peers a second are visited once in other ways with how
// many over plain TCP, on one core. The same code answers in all of them.
func (b *bench) ways() (lines []line, err error) {
	pin := b.canPin()
	all := []way{overTCP, overRC4, overClear, overUTP}
	var turns []func() (sample, error)
	for _, w := range all {
		s, err := b.swarm(max(1, b.peers/fewer), w, false, pin)
		if err != nil {
			return nil, err
		}
		defer func() { err = errors.Join(err, s.peers.end()) }()
		turns = append(turns, func() (sample, error) { return b.probeOnce(s, pin) })
	}
	samples, err := race(b.rounds, turns...)
	if err != nil {
		return nil, err
	}
	for i, w := range all[1:] {
		lines = append(lines, rates("bt-probe --once, "+w.what+" : plain", samples[i+1], samples[0], ""))
	}
	return lines, nil
}
