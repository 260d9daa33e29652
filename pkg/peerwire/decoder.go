package peerwire

import (
	"encoding/binary"
	"fmt"

	"btkit/pkg/outcome"
)

// Bounds on frames, in bytes of the length field (id and payload).
const (
	smallFrame = 64<<10 + 2 // bound on every frame but a bitfield
	earlyFrame = 1 + 1<<18  // bound on a bitfield while the number of pieces is unknown
	hardFrame  = 2 << 20    // bound on a bitfield whatever the number of pieces
	keepBuffer = 64         // buffers up to this size are kept between frames
)

// FrameCap is the largest frame a peer of a torrent with so many pieces may
// send: its bitfield or 64 KiB + 2, whichever is more, and never more than
// 2 MiB. Zero pieces stand for a number that is not known yet.
func FrameCap(pieces int) int {
	if pieces <= 0 {
		return earlyFrame
	}
	return min(max(1+(pieces+7)/8, smallFrame), hardFrame)
}

// Decoder cuts the bytes after the handshake into messages. The zero value is
// ready for use with a torrent whose number of pieces is unknown.
//
// Any cutting of the same bytes gives the same messages. Between two calls it
// keeps only the bytes of the unfinished frame that have arrived; the bodies of
// piece, hashes and unknown messages are never kept. After an error it stays
// failed.
type Decoder struct {
	// MaxFrame bounds the length field of a bitfield; zero means FrameCap(0).
	// It may be changed between calls of Feed, when metadata arrives.
	MaxFrame int

	kept []byte // what has arrived of the unfinished frame
	skip int    // bytes of the current frame that are still to be thrown away
	err  error
}

// Feed decodes p and calls f for each message in order. The message is valid
// during the call only. It returns the error of f as it is; an error of its own
// carries outcome.TooLarge or outcome.Malformed.
func (d *Decoder) Feed(p []byte, f func(Message) error) error {
	for d.err == nil && len(p) > 0 {
		if d.skip > 0 {
			n := min(d.skip, len(p))
			d.skip, p = d.skip-n, p[n:]
			continue
		}
		p, d.err = d.step(p, f)
	}
	return d.err
}

// Pending is the number of bytes kept of an unfinished frame.
func (d *Decoder) Pending() int { return len(d.kept) }

// step takes one frame, or what there is of it, from the front of p.
func (d *Decoder) step(p []byte, f func(Message) error) ([]byte, error) {
	if len(d.kept) > 0 {
		return d.resume(p, f)
	}
	need, skip, err := d.plan(p)
	if err != nil {
		return nil, err
	}
	if len(p) < need {
		d.kept = append(d.kept, p...)
		return nil, nil
	}
	d.skip = skip
	return p[need:], f(parse(p[:need]))
}

// resume adds to the unfinished frame until it can be delivered or p is used
// up.
func (d *Decoder) resume(p []byte, f func(Message) error) ([]byte, error) {
	for {
		need, skip, err := d.plan(d.kept)
		if err != nil {
			d.kept = nil
			return nil, err
		}
		if len(d.kept) >= need {
			d.skip = skip
			err := f(parse(d.kept[:need]))
			d.release()
			return p, err
		}
		if len(p) == 0 {
			return nil, nil
		}
		n := min(need-len(d.kept), len(p))
		d.kept, p = append(d.kept, p[:n]...), p[n:]
	}
}

func (d *Decoder) release() {
	d.kept = d.kept[:0]
	if cap(d.kept) > keepBuffer {
		d.kept = nil
	}
}

// plan says how many bytes of the frame that starts with b are needed to
// deliver it or to say more, and how many follow that are thrown away. The frame
// can be delivered when b is as long as that.
func (d *Decoder) plan(b []byte) (need, skip int, err error) {
	if len(b) < 4 {
		return 4, 0, nil
	}
	length := binary.BigEndian.Uint32(b)
	limit := d.MaxFrame
	if limit <= 0 {
		limit = earlyFrame
	}
	switch {
	case uint64(length) > uint64(max(limit, smallFrame)):
		return 0, 0, outcome.Fail(outcome.TooLarge, fmt.Errorf("frame of %d bytes: over the bound", length))
	case length == 0:
		return 4, 0, nil
	case len(b) < 5:
		return 5, 0, nil
	}
	keep, err := shape(ID(b[4]), int(length))
	return 4 + keep, int(length) - keep, err
}
