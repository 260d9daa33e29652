package tracker

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"sync"
	"time"

	"btkit/pkg/outcome"
)

// Bounds of the cache of names: how long an answer serves, how many hosts are
// kept, and how many addresses of one host are tried.
const (
	nameLife  = 5 * time.Minute
	maxHosts  = 8192
	maxTried  = 2
	maxResult = 32
)

var (
	errNotCached = outcome.Fail(outcome.DNS, errors.New("name is not in the cache"))
	errNoAddress = outcome.Fail(outcome.Unsupported, errors.New("tracker has no address of this family"))
)

type cachedOnly struct{}

// fromCacheOnly makes lookups under the context use the cache alone.
func fromCacheOnly(ctx context.Context) context.Context {
	return context.WithValue(ctx, cachedOnly{}, true)
}

// names resolves hosts, remembers the answers and applies the address policy.
type names struct {
	resolve func(context.Context, string) ([]netip.Addr, error)
	allow   func(netip.Addr) error
	now     func() time.Time

	mu    sync.Mutex
	cache map[string]resolved
}

type resolved struct {
	addrs []netip.Addr
	at    time.Time
}

func newNames(o Options) *names {
	return &names{resolve: o.Resolve, allow: o.Allow, now: o.Now, cache: map[string]resolved{}}
}

// lookup gives the addresses of a host that are of the family and allowed, at
// most maxTried of them.
func (n *names) lookup(ctx context.Context, host string, f Family) ([]netip.Addr, error) {
	all, err := n.all(ctx, host)
	if err != nil {
		return nil, err
	}
	var usable []netip.Addr
	err = errNoAddress
	for _, a := range all {
		if !f.Has(a) {
			continue
		}
		if denied := n.allow(a); denied != nil {
			err = outcome.Fail(outcome.Denied, fmt.Errorf("contact %s: %w", a, denied))
			continue
		}
		usable = append(usable, a)
	}
	if len(usable) == 0 {
		return nil, err
	}
	return usable[:min(len(usable), maxTried)], nil
}

func (n *names) all(ctx context.Context, host string) ([]netip.Addr, error) {
	if ip, err := netip.ParseAddr(host); err == nil {
		return []netip.Addr{ip.Unmap().WithZone("")}, nil
	}
	only, _ := ctx.Value(cachedOnly{}).(bool)
	if addrs, ok := n.cached(host, only); ok {
		return addrs, nil
	}
	if only {
		return nil, errNotCached
	}
	ctx, cancel := context.WithTimeout(ctx, maxResolve)
	defer cancel()
	addrs, err := n.resolve(ctx, host)
	if err != nil {
		return nil, fmt.Errorf("resolve name: %w", err)
	}
	return n.remember(host, addrs), nil
}

// cached gives a remembered answer, with stale also one that is too old.
func (n *names) cached(host string, stale bool) ([]netip.Addr, bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	r, ok := n.cache[host]
	return r.addrs, ok && (stale || n.now().Sub(r.at) < nameLife)
}

func (n *names) remember(host string, addrs []netip.Addr) []netip.Addr {
	plain := make([]netip.Addr, 0, len(addrs))
	for _, a := range addrs[:min(len(addrs), maxResult)] {
		plain = append(plain, a.Unmap().WithZone(""))
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if len(n.cache) >= maxHosts {
		clear(n.cache)
	}
	n.cache[host] = resolved{plain, n.now()}
	return plain
}
