package mse

import (
	"bytes"
	"testing"
)

// compare feeds a stream whole and in pieces. What a machine holds is less than
// a key and twice what it was fed last, beside the payload.
func compare(t *testing.T, stream []byte, size int, make func() *machine, held func(*machine) int) {
	whole, cut := make(), make()
	saidWhole, restWhole, errWhole := feedAll(whole, stream, func() int { return len(stream) })
	bound := 2*(keyLen+size) + 64
	saidCut, restCut, errCut := feedAll(cut, stream, func() int {
		if cap(cut.in) > bound || held(cut) > 2*maxIA {
			t.Fatalf("holds %d bytes and a payload of %d after pieces of %d", cap(cut.in), held(cut), size)
		}
		return size
	})
	if !bytes.Equal(saidWhole, saidCut) && errWhole == nil || !bytes.Equal(restWhole, restCut) || whole.Result != cut.Result || whole.done != cut.done {
		t.Errorf("cut by %d: got %x, %x, %+v, want %x, %x, %+v", size, saidCut, restCut, cut.Result, saidWhole, restWhole, whole.Result)
	}
	if (errWhole == nil) != (errCut == nil) || errWhole != nil && errWhole.Error() != errCut.Error() {
		t.Errorf("cut by %d: got %v, want %v", size, errCut, errWhole)
	}
	if errWhole != nil && (whole.in != nil || whole.out != nil) {
		t.Error("holds bytes after a failure")
	}
}

// Property: any cutting of what the called side says gives the same result and
// holds no more than a bound.
func FuzzInitiator(f *testing.F) {
	f.Add([]byte(nil), join(text4(Plain, 0), []byte("payload")), uint8(1))
	f.Add(noise(512), text4(RC4, 512), uint8(100))
	f.Add([]byte{1}, text4(3, 65535), uint8(7))
	f.Add(noise(600), []byte(nil), uint8(255))
	f.Fuzz(func(t *testing.T, pad, text []byte, size uint8) {
		stream := join(pairB.public[:], pad, sealed4(text))
		compare(t, stream, int(size)+1, func() *machine { return fixedInitiator(Plain | RC4) }, func(*machine) int { return 0 })
		compare(t, pad, int(size)+1, func() *machine { return fixedInitiator(RC4) }, func(*machine) int { return 0 })
	})
}

// Property: any cutting of what a caller says gives the same result and holds
// no more than a bound.
func FuzzReceiver(f *testing.F) {
	f.Add([]byte(nil), join(text3(0, 3, 0, 68), []byte("payload")), uint8(1))
	f.Add(noise(512), text3(0, RC4, 512, 4096), uint8(100))
	f.Add([]byte{1}, text3(0, 3, 65535, 65535), uint8(7))
	f.Add(noise(600), []byte(nil), uint8(255))
	f.Fuzz(func(t *testing.T, pad, text []byte, size uint8) {
		stream := join(pairA.public[:], pad, sealed3(torrent, text))
		for _, heard := range [][]byte{stream, pad} {
			var b *responder
			compare(t, heard, int(size)+1, func() *machine {
				var keys Keys
				keys.Add(torrent)
				b = newResponder(RC4, nil, nil, keys.lookup, (&sharedKey{keyPair: pairB}).agree)
				return &b.machine
			}, func(*machine) int { return cap(b.payload) })
		}
	})
}
