package lsd

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
)

// The groups of BEP 14.
var (
	Group4 = netip.MustParseAddrPort("239.192.152.143:6771")
	Group6 = netip.MustParseAddrPort("[ff15::efc0:988f]:6771")
)

// maxLinks bounds the interfaces used without being named.
const maxLinks = 32

// ErrNoLink says that there is no interface to listen on.
var ErrNoLink = errors.New("no network interface is up and takes part in multicast")

// Links finds the interfaces of these names, or else all that are up and take
// part in multicast.
func Links(names []string) (links []net.Interface, err error) {
	for _, name := range names {
		link, err := net.InterfaceByName(name)
		if err != nil {
			return nil, fmt.Errorf("interface %q: %w", name, err)
		}
		links = append(links, *link)
	}
	if len(names) > 0 {
		return links, nil
	}
	all, err := net.Interfaces()
	if err != nil {
		return nil, fmt.Errorf("list network interfaces: %w", err)
	}
	const usable = net.FlagUp | net.FlagMulticast
	for _, link := range all {
		if link.Flags&usable == usable && len(links) < maxLinks {
			links = append(links, link)
		}
	}
	if len(links) == 0 {
		return nil, ErrNoLink
	}
	return links, nil
}

// Addresses gives the networks that interfaces are in, and their addresses.
func Addresses(links []net.Interface) (near Near, own []netip.Addr, err error) {
	for i := range links {
		list, err := links[i].Addrs()
		if err != nil {
			return nil, nil, fmt.Errorf("list addresses of %s: %w", links[i].Name, err)
		}
		for _, a := range list {
			if p, err := netip.ParsePrefix(a.String()); err == nil {
				near = append(near, p.Masked())
				own = append(own, p.Addr())
			}
		}
	}
	return near, own, nil
}
