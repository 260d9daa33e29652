//go:build interop

package interop

import (
	"context"
	_ "embed"
	"net/netip"
	"path/filepath"
)

//go:embed deluge_driver.py
var delugeDriver string

// deluge is one deluged.
type deluge struct{ *scripted }

// startDeluge runs a deluged that listens on addr.
func startDeluge(ctx context.Context, dir, name string, addr netip.AddrPort, _ []netip.AddrPort, choices Choices) (Client, error) {
	if _, err := find("deluged"); err != nil {
		return nil, err
	}
	config := map[string]any{
		"dir": filepath.Join(dir, "config"), "ip": addr.Addr(), "port": addr.Port(),
		"down": choices.Down, "up": choices.Up, "no_dht": choices.NoDHT, "encrypted": choices.Encrypted,
	}
	c, err := runScript(ctx, dir, name, delugeDriver, "deluge.ui.client", config, addr)
	if err != nil {
		return nil, err
	}
	return &deluge{c}, nil
}
