//go:build interop

package interop

import (
	"context"
	_ "embed"
	"net/netip"
)

//go:embed libtorrent_driver.py
var libtorrentDriver string

// libtorrent is one session of libtorrent (Rasterbar).
type libtorrent struct{ *scripted }

// startLibtorrent runs a session that listens on addr, with the DHT nodes of
// bootstrap to start from.
func startLibtorrent(ctx context.Context, dir, name string, addr netip.AddrPort, bootstrap []netip.AddrPort, choices Choices) (Client, error) {
	return runLibtorrent(ctx, dir, name, map[string]any{
		"download_rate_limit": choices.Down, "upload_rate_limit": choices.Up,
		"limit_local_peers": addr.Addr().IsLoopback() || addr.Addr().IsPrivate(),
		"no_dht":            choices.NoDHT, "no_utp": choices.NoUTP, "no_tcp": choices.NoTCP,
		"encrypted": choices.Encrypted,
	}, addr, bootstrap)
}

// startDHT runs a DHT of libtorrent nodes, one per address, all on port. A
// DHT of the clients alone would be too small: Transmission takes one with
// fewer than nine nodes for broken and does not announce there.
func startDHT(ctx context.Context, dir string, ips []netip.Addr, port uint16) (Client, error) {
	var all []netip.AddrPort
	for _, ip := range ips {
		all = append(all, netip.AddrPortFrom(ip, port))
	}
	return runLibtorrent(ctx, dir, "dht", map[string]any{"nodes": ips[1:]}, all[0], all)
}

func runLibtorrent(ctx context.Context, dir, name string, config map[string]any, addr netip.AddrPort, bootstrap []netip.AddrPort) (Client, error) {
	config["ip"], config["port"], config["bootstrap"] = addr.Addr(), addr.Port(), bootstrap
	c, err := runScript(ctx, dir, name, libtorrentDriver, "libtorrent", config, addr)
	if err != nil {
		return nil, err
	}
	return &libtorrent{c}, nil
}

// meet makes it dial a peer that no source told it of.
func (c *libtorrent) meet(ctx context.Context, t *Torrent, peer netip.AddrPort) error {
	_, err := c.ask(ctx, "meet", map[string]any{"name": t.Name, "ip": peer.Addr(), "port": peer.Port()})
	return err
}
