package mse

import (
	"net"
	"testing"
)

// A whole handshake of both sides over TCP, keys and all.
func BenchmarkHandshake(b *testing.B) {
	for name, takes := range map[string]Method{"rc4": RC4, "clear": Plain} {
		b.Run(name, func(b *testing.B) {
			var keys Keys
			keys.Add(torrent)
			r := NewReceiver(&keys, Options{Methods: takes})
			b.ReportAllocs()
			for b.Loop() {
				x, y := loopback(b)
				if from, at := meet(x, y, make([]byte, 68), Options{}, r); from.err != nil || at.err != nil {
					b.Fatal(from.err, at.err)
				}
				x.Close()
				y.Close()
			}
		})
	}
}

// The key exchange alone: a new pair, and the secret of one.
func BenchmarkExchange(b *testing.B) {
	b.Run("pair", func(b *testing.B) {
		for b.Loop() {
			newKeyPair([20]byte{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20})
		}
	})
	b.Run("secret", func(b *testing.B) {
		pair := newKeyPair([20]byte{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20})
		for b.Loop() {
			if _, err := pair.secret(&pairB.public); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// sink takes what is written and gives zeros.
type sink struct{ net.Conn }

func (sink) Write(p []byte) (int, error) { return len(p), nil }
func (sink) Read(p []byte) (int, error)  { return len(p), nil }

func BenchmarkThroughput(b *testing.B) {
	s := &stream{Conn: sink{}, rx: newRC4([]byte("key")), tx: newRC4([]byte("yek"))}
	for name, move := range map[string]func([]byte) (int, error){"read": s.Read, "write": s.Write} {
		b.Run(name, func(b *testing.B) {
			p := make([]byte, 16<<10)
			b.SetBytes(int64(len(p)))
			b.ReportAllocs()
			for b.Loop() {
				if n, err := move(p); n != len(p) || err != nil {
					b.Fatal(n, err)
				}
			}
		})
	}
}
