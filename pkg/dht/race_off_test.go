//go:build !race

package dht

// underRace says that the race detector watches.
const underRace = false
