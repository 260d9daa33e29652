//go:build !linux

package swarm

// silence needs Linux; elsewhere those peers refuse, on a port of nobody.
type silence struct{ port uint16 }

func openSilence() (*silence, error) { return &silence{port: 1}, nil }

func (s *silence) close() error { return nil }
