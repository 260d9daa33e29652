//go:build interop

package interop

import (
	"net"
	"net/netip"
	"regexp"
	"testing"
	"time"
)

// knownInDHT waits until the DHT's nodes know every client of the swarm.
func knownInDHT(t *testing.T, swarm *Swarm, start time.Time) {
	t.Helper()
	for _, c := range swarm.Clients {
		if !swarm.Stage.venturesOut(c) {
			continue
		}
		swarm.await(t, c.Name()+" to be known in the DHT", func() (bool, error) {
			known, err := askDHT(swarm)
			return known[c.Addr()], err
		})
		t.Logf("%s: known in the DHT at %s", c.Name(), clock(start, time.Now()))
	}
}

// compactPeer is one entry of "values": 4 bytes of address, 2 of port (BEP 5).
var compactPeer = regexp.MustCompile(`(?s)6:(.{4})(.{2})`)

var values = regexp.MustCompile(`(?s)6:valuesl((?:6:.{6})+)e`)

// askDHT asks every node that is not a client for the swarm's peers. A node
// that doesn't answer in a second counts as one that knows none.
func askDHT(swarm *Swarm) (map[netip.AddrPort]bool, error) {
	conn, err := net.ListenPacket("udp4", netip.AddrPortFrom(swarm.Stage.Home(), 0).String())
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	query := "d1:ad2:id20:btkit-interop-node-09:info_hash20:" + string(swarm.Torrent.InfoHash[:]) + "e1:q9:get_peers1:t2:aa1:y1:qe"
	for i := range byte(dhtNodes) {
		node := netip.AddrPortFrom(swarm.Stage.Addr(placeDHT+i), peerPort)
		if _, err := conn.WriteTo([]byte(query), net.UDPAddrFromAddrPort(node)); err != nil {
			return nil, err
		}
	}
	known := map[netip.AddrPort]bool{}
	conn.SetReadDeadline(time.Now().Add(time.Second))
	packet := make([]byte, 1500)
	for range dhtNodes {
		n, _, err := conn.ReadFrom(packet)
		if err != nil {
			break
		}
		for _, peer := range peersIn(packet[:n]) {
			known[peer] = true
		}
	}
	return known, nil
}

func peersIn(packet []byte) (peers []netip.AddrPort) {
	list := values.FindSubmatch(packet)
	if list == nil {
		return nil
	}
	for _, m := range compactPeer.FindAllSubmatch(list[1], -1) {
		ip, _ := netip.AddrFromSlice(m[1])
		peers = append(peers, netip.AddrPortFrom(ip, uint16(m[2][0])<<8|uint16(m[2][1])))
	}
	return peers
}
