package lsd

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"

	"golang.org/x/net/ipv4"
	"golang.org/x/net/ipv6"
)

// hops keeps our packets in the local network; who takes them for local
// discovery only looks at neighbours anyway.
const hops = 1

// multicast is the socket of one group on some interfaces.
type multicast struct {
	conn  net.PacketConn
	group netip.AddrPort
	links []net.Interface // those that joined
	// Of the family: receive with the interface and the address that it was
	// sent to; send on an interface.
	receive func(b []byte) (n, link int, to net.IP, from net.Addr, err error)
	send    func(b []byte, link *net.Interface) error
}

// Open joins a group on the interfaces. It is an error if none can.
func Open(ctx context.Context, group netip.AddrPort, links []net.Interface) (Wire, error) {
	network := "udp4"
	if group.Addr().Is6() {
		network = "udp6"
	}
	// For a multicast address, package net binds to all addresses, and in a way
	// that lets other programs of this host use the port too.
	conn, err := (&net.ListenConfig{}).ListenPacket(ctx, network, group.String())
	if err != nil {
		return nil, fmt.Errorf("listen for %s: %w", group, err)
	}
	m := &multicast{conn: conn, group: group}
	if network == "udp4" {
		err = m.open4(links)
	} else {
		err = m.open6(links)
	}
	if err != nil {
		conn.Close()
		return nil, fmt.Errorf("join %s: %w", group, err)
	}
	return m, nil
}

func (m *multicast) open4(links []net.Interface) error {
	conn, to := ipv4.NewPacketConn(m.conn), net.UDPAddrFromAddrPort(m.group)
	m.receive = func(b []byte) (n, link int, dst net.IP, from net.Addr, err error) {
		n, cm, from, err := conn.ReadFrom(b)
		if cm != nil {
			link, dst = cm.IfIndex, cm.Dst
		}
		return n, link, dst, from, err
	}
	m.send = func(b []byte, link *net.Interface) error {
		_, err := conn.WriteTo(b, &ipv4.ControlMessage{IfIndex: link.Index, Src: firstIPv4(link)}, to)
		return err
	}
	err := errors.Join(conn.SetMulticastTTL(hops), conn.SetMulticastLoopback(true),
		conn.SetControlMessage(ipv4.FlagDst|ipv4.FlagInterface, true))
	return errors.Join(err, m.join(links, func(link *net.Interface) error { return conn.JoinGroup(link, to) }))
}

// firstIPv4 is the address that an interface sends from, nil if it has none.
// The kernel would take one of another interface where the scope fits better.
func firstIPv4(link *net.Interface) net.IP {
	list, err := link.Addrs()
	if err != nil {
		return nil
	}
	for _, a := range list {
		if p, ok := a.(*net.IPNet); ok && p.IP.To4() != nil {
			return p.IP.To4()
		}
	}
	return nil
}

func (m *multicast) open6(links []net.Interface) error {
	conn, to := ipv6.NewPacketConn(m.conn), net.UDPAddrFromAddrPort(m.group)
	m.receive = func(b []byte) (n, link int, dst net.IP, from net.Addr, err error) {
		n, cm, from, err := conn.ReadFrom(b)
		if cm != nil {
			link, dst = cm.IfIndex, cm.Dst
		}
		return n, link, dst, from, err
	}
	m.send = func(b []byte, link *net.Interface) error {
		_, err := conn.WriteTo(b, &ipv6.ControlMessage{IfIndex: link.Index}, to)
		return err
	}
	err := errors.Join(conn.SetMulticastHopLimit(hops), conn.SetMulticastLoopback(true),
		conn.SetControlMessage(ipv6.FlagDst|ipv6.FlagInterface, true))
	return errors.Join(err, m.join(links, func(link *net.Interface) error { return conn.JoinGroup(link, to) }))
}

// join fails only if it fails on all interfaces.
func (m *multicast) join(links []net.Interface, join func(*net.Interface) error) error {
	var failed error
	for i := range links {
		if err := join(&links[i]); err != nil {
			failed = errors.Join(failed, fmt.Errorf("interface %s: %w", links[i].Name, err))
			continue
		}
		m.links = append(m.links, links[i])
	}
	if len(m.links) > 0 {
		return nil
	}
	return failed
}

// Group is the multicast address and port.
func (m *multicast) Group() netip.AddrPort { return m.group }

// Receive waits for a datagram to the group; what reaches the port by another
// address or interface is dropped.
func (m *multicast) Receive(b []byte) (int, netip.AddrPort, error) {
	for {
		n, link, to, from, err := m.receive(b)
		if err != nil {
			return 0, netip.AddrPort{}, err
		}
		dst, _ := netip.AddrFromSlice(to)
		sender, ok := from.(*net.UDPAddr)
		if ok && dst.Unmap() == m.group.Addr() && m.joined(link) {
			return n, sender.AddrPort(), nil
		}
	}
}

func (m *multicast) joined(link int) bool {
	for i := range m.links {
		if m.links[i].Index == link {
			return true
		}
	}
	return false
}

// Send multicasts on all interfaces; it fails only if it fails on all.
func (m *multicast) Send(b []byte) error {
	var failed error
	sent := false
	for i := range m.links {
		err := m.send(b, &m.links[i])
		sent = sent || err == nil
		failed = errors.Join(failed, err)
	}
	if sent {
		return nil
	}
	return fmt.Errorf("send to %s: %w", m.group, failed)
}

// Close ends a Receive under way.
func (m *multicast) Close() error { return m.conn.Close() }
