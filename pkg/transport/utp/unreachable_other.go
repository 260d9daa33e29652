//go:build !linux

package utp

import "net"

// Elsewhere a closed port shows only by its silence.
func hearErrors(*net.UDPConn) error { return nil }

func notices(*net.UDPConn) []notice { return nil }
