package peerwire

import (
	"net/netip"
	"strconv"

	"btkit/pkg/benc"
)

// Small pieces of bencoding for dictionaries whose keys are known: the caller
// writes them in order, between 'd' and 'e'.

func appendText(dst []byte, s string) []byte {
	dst = strconv.AppendInt(dst, int64(len(s)), 10)
	return append(append(dst, ':'), s...)
}

func appendNumber(dst []byte, n int64) []byte {
	return append(strconv.AppendInt(append(dst, 'i'), n, 10), 'e')
}

func appendNumberPair(dst []byte, key string, n int64) []byte {
	return appendNumber(appendText(dst, key), n)
}

func appendTextPair(dst []byte, key, s string) []byte {
	return appendText(appendText(dst, key), s)
}

// number is the integer of a key, when it is one between lowest and highest.
func number(v benc.Value, lowest, highest int64) (n int64, ok bool) {
	n, ok = v.Int()
	if !ok || n < lowest || n > highest {
		return 0, false
	}
	return n, true
}

// truth is the boolean that an integer stands for, nil when there is none.
func truth(v benc.Value) *bool {
	n, ok := v.Int()
	if !ok {
		return nil
	}
	yes := n != 0
	return &yes
}

// address is the address that a string of 4 or 16 bytes stands for, invalid
// when there is none. IPv4 inside IPv6 comes as IPv4.
func address(v benc.Value) netip.Addr {
	b, _ := v.Bytes()
	a, _ := netip.AddrFromSlice(b)
	return a.Unmap()
}
