// Package listen takes connections from peers and talks to them as package
// probe does: most peers cannot be dialled, but many of them dial.
//
// Only torrents that are measured are answered. Limits per address and in all
// keep strangers from using us up.
package listen
