package visit_test

import (
	"encoding/json"
	"os"
	"testing"

	"btkit/pkg/outcome"
	"btkit/pkg/peerwire"
)

// wireVectors is what the notes on the peer wire give about counting pieces and
// about odd frames.
type wireVectors struct {
	PieceAccounting []struct {
		Pieces    int
		Case      string
		Bitfield  *string
		Haves     []uint32
		TrueCount int64 `json:"true_count"`
	} `json:"piece_accounting"`
	FramePolicy []struct{ Why, Bytes, Action string } `json:"frame_policy"`
}

func vectors(t *testing.T) (v wireVectors) {
	t.Helper()
	b, err := os.ReadFile("testdata/peer_wire.json")
	if err == nil {
		err = json.Unmarshal(b, &v)
	}
	if err != nil || len(v.PieceAccounting) != 9 || len(v.FramePolicy) != 8 {
		t.Fatalf("got %d and %d vectors (%v), want 9 and 8", len(v.PieceAccounting), len(v.FramePolicy), err)
	}
	return v
}

func TestPieceAccountingVectors(t *testing.T) {
	for _, v := range vectors(t).PieceAccounting {
		t.Run(v.Case, func(t *testing.T) {
			s := play(t, int64(v.Pieces))
			if v.Bitfield != nil {
				s.say(1, peerwire.AppendBitfield(nil, unhex(t, *v.Bitfield)))
			}
			s.say(1.5, have(v.Haves...)).wait(60)
			if len(s.told) == 0 || s.told[len(s.told)-1].Have != v.TrueCount {
				t.Errorf("got %q (%v), want %d pieces at the end", s.story(), s.err, v.TrueCount)
			}
			complete := v.TrueCount == int64(v.Pieces)
			if r, ok := s.c.Reading(); !ok || r.Complete != complete {
				t.Errorf("got %+v, want complete: %v", r, complete)
			}
		})
	}
}

func TestFramePolicyVectors(t *testing.T) {
	// What becomes of each frame: the outcome that ends the conversation, or the
	// oddity that is noted, or neither.
	want := map[string]struct {
		how  outcome.Outcome
		odd  string
		have int64
	}{
		"close, too_large":                             {how: outcome.TooLarge},
		"close, malformed":                             {how: outcome.Malformed},
		"close, bad_index":                             {how: outcome.BadIndex},
		"close, bad_bitfield":                          {how: outcome.BadBitfield},
		"flag spare_bits; count only the 11 real bits": {how: outcome.OK, odd: "spare-bits", have: 9},
		"skip": {how: outcome.OK},
		"flag fast_without_negotiation; BEP 6 says close": {how: outcome.OK, odd: "fast-without-negotiation", have: 11},
	}
	for _, v := range vectors(t).FramePolicy {
		t.Run(v.Why, func(t *testing.T) {
			w, ok := want[v.Action]
			if !ok {
				t.Fatalf("got action %q, want one that is known", v.Action)
			}
			s := playAs(t, 11, startOf(0), 0) // no fast extension
			s.decoder.MaxFrame = peerwire.FrameCap(11)
			s.say(1, unhex(t, v.Bytes))
			if got := outcome.Of(s.err); got != w.how {
				t.Errorf("got %q (%v), want %q", got, s.err, w.how)
			}
			end := s.end(60, outcome.OK)
			if got := len(end.Oddities) > 0; got != (w.odd != "") || got && end.Oddities[0] != w.odd {
				t.Errorf("got oddities %q, want %q", end.Oddities, w.odd)
			}
			if w.have > 0 && (end.Have == nil || *end.Have != w.have) {
				t.Errorf("got %v pieces, want %d", end.Have, w.have)
			}
		})
	}
}
