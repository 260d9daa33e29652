package dht

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"sync"
	"time"
)

// DefaultBootstrap are well-known nodes that help newcomers into the public
// DHT. Several of them serve IPv4 only.
var DefaultBootstrap = []string{
	"router.bittorrent.com:6881",
	"dht.transmissionbt.com:6881",
	"router.utorrent.com:6881",
	"dht.libtorrent.org:25401",
}

const (
	resolveTimeout = 10 * time.Second
	resolveAgain   = time.Minute // names are not looked up more often
	maxBootstrap   = 64          // addresses used of all names together
)

// Resolver turns a host name into addresses.
type Resolver func(ctx context.Context, host string) ([]netip.Addr, error)

func systemResolver(ctx context.Context, host string) ([]netip.Addr, error) {
	return net.DefaultResolver.LookupNetIP(ctx, "ip", host)
}

// bootstrap holds the nodes that one begins with. They are asked, but never
// kept as known nodes (BEP 5), unless others list them too.
type bootstrap struct {
	hosts   []hostPort
	resolve Resolver

	mu    sync.Mutex
	tried time.Time
	addrs []netip.AddrPort
	err   error
}

type hostPort struct {
	host string
	port uint16
}

func newBootstrap(list []string, resolve Resolver) (*bootstrap, error) {
	b := &bootstrap{resolve: resolve}
	if b.resolve == nil {
		b.resolve = systemResolver
	}
	for _, text := range list {
		host, portText, err := net.SplitHostPort(text)
		if err != nil {
			return nil, fmt.Errorf("bootstrap node %q: %w", text, err)
		}
		port, err := strconv.ParseUint(portText, 10, 16)
		if err != nil || port == 0 || host == "" {
			return nil, fmt.Errorf("bootstrap node %q: want HOST:PORT with a port from 1 to 65535", text)
		}
		b.hosts = append(b.hosts, hostPort{host: host, port: uint16(port)})
	}
	return b, nil
}

// onThisHost says whether all nodes have loopback addresses, as far as their
// names tell.
func (b *bootstrap) onThisHost() bool {
	for _, h := range b.hosts {
		if addr, err := netip.ParseAddr(h.host); (err != nil || !addr.Unmap().IsLoopback()) && h.host != "localhost" {
			return false
		}
	}
	return len(b.hosts) > 0
}

// addresses gives what the names resolve to. The error says which names did
// not, and comes with the addresses of the others.
func (b *bootstrap) addresses(ctx context.Context) ([]netip.AddrPort, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.tried.IsZero() && (b.err == nil || time.Since(b.tried) < resolveAgain) {
		return b.addrs, b.err
	}
	ctx, cancel := context.WithTimeout(ctx, resolveTimeout)
	defer cancel()
	b.addrs, b.err = nil, nil
	for _, h := range b.hosts {
		b.add(ctx, h)
	}
	if ctx.Err() == nil || errors.Is(ctx.Err(), context.DeadlineExceeded) {
		b.tried = time.Now()
	}
	return b.addrs, b.err
}

func (b *bootstrap) add(ctx context.Context, h hostPort) {
	addrs := []netip.Addr{}
	if addr, err := netip.ParseAddr(h.host); err == nil {
		addrs = append(addrs, addr)
	} else if addrs, err = b.resolve(ctx, h.host); err != nil {
		b.err = errors.Join(b.err, fmt.Errorf("resolve bootstrap node: %w", err))
	}
	for _, addr := range addrs {
		if len(b.addrs) < maxBootstrap {
			b.addrs = append(b.addrs, netip.AddrPortFrom(addr.Unmap().WithZone(""), h.port))
		}
	}
}
