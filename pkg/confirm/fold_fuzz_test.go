package confirm

import (
	"fmt"
	"testing"
	"time"

	"btkit/pkg/record"
)

// addUp checks what holds of every fold: classes exclude each other and sum to
// the peers, and no more is confirmed than there is.
func addUp(t *testing.T, f *Fold) {
	t.Helper()
	var peers, confirmed int64
	for _, tally := range f.Tallies() {
		sum := tally.Confirmed + tally.FirstComplete + tally.PartialSeeds + tally.SuperSeeds + tally.Censored
		if sum != tally.Peers || tally.PartialFinished < 0 || tally.PartialFinished > tally.PartialSeeds {
			t.Fatalf("got %+v, want classes that sum to the peers, and no more that finished than partial seeds", tally)
		}
		peers += tally.Peers
		confirmed += tally.Confirmed
	}
	if peers != int64(f.Peers()) || confirmed != f.Confirmed() || confirmed > peers {
		t.Fatalf("got %d peers and %d confirmed by torrent, %d and %d in all", peers, confirmed, f.Peers(), f.Confirmed())
	}
}

// readingsOf makes readings from bytes, six for each: few addresses, ids and
// clients, so that they meet.
func readingsOf(b []byte) (all []*record.Progress) {
	now := start
	ids := []string{"", idOne, idTwo, idPlain}
	clients := []string{"", "qBittorrent/4.6.5", "qBittorrent/5.0", "Transmission 4.0"}
	for ; len(b) >= 6 && len(all) < 500; b = b[6:] {
		now = now.Add(time.Duration(int8(b[0])) * time.Second)
		p := see(0, int64(b[1]%110)-4, client(ids[b[2]&3], clients[b[2]>>2&3]), session(uint64(b[2]>>4&3)))
		from(fmt.Sprintf("192.0.2.%d:%d", b[3]&3, 1000+int(b[3]>>2&1)))(p)
		if b[3]&8 != 0 {
			inbound(fmt.Sprintf("192.0.2.%d:5%d", b[3]&3, b[3]>>6), uint16(b[4]&1)*1000)(p)
		}
		if b[4]&2 != 0 {
			p.InfoHash = hashB
		}
		p.Settled, p.SuperSeed = b[4]&0xc != 0, b[4]&0x10 != 0
		if b[4]&0x20 != 0 {
			p.UploadOnly = record.Bool(b[4]&0x40 != 0)
			p.PartialSeed = b[4]&0xc0 == 0xc0
		}
		if b[5]&0x10 != 0 {
			p.How = []string{"have", "have-none"}[b[5]>>5&1]
		}
		if b[5] < 8 {
			p.Need = int64(b[5]) * 14
		}
		p.TS = now
		all = append(all, p)
	}
	return all
}

// FuzzFold: whatever readings come in whatever order, no peer is confirmed
// without a settled reading below the threshold earlier in the stream, none
// whose readings all looked like those of a hiding seed, and the tallies add up.
func FuzzFold(f *testing.F) {
	f.Add([]byte("\x01\x10\x05\x00\x04\x20\x3c\x68\x05\x00\x04\x20"))
	f.Add([]byte("\x00\x05\x11\x00\x14\xff\x3c\x05\x21\x00\x14\xff\x3c\x05\x31\x00\x14\xff\x3c\x68\x31\x00\x04\xff"))
	f.Add([]byte("\x01\x60\x05\x01\x04\xff\x3c\x68\x0e\x01\x04\xff\x3c\x10\x0e\x01\x04\xff\x3c\x68\x05\x09\x05\xff"))
	f.Fuzz(func(t *testing.T, b []byte) {
		fold := NewFold(Options{})
		below := map[string]bool{} // settled readings below their threshold so far
		proof := map[string]bool{} // torrents with one that a hiding seed does not give
		for _, p := range readingsOf(b) {
			for _, d := range downloads(fold.Reading(p)) {
				if !below[moment(d.InfoHash, d.BelowTS, d.BelowHave)] {
					t.Fatalf("got a download from %d pieces at %v, want a settled reading like that before", d.BelowHave, d.BelowTS)
				}
				if !proof[d.InfoHash] {
					t.Fatalf("got %+v, want none while all readings looked like a hiding seed's", d)
				}
				if d.AboveHave < d.Need || d.AboveTS.Before(d.BelowTS) || d.BelowTS.Before(d.FirstTS) ||
					d.CrossedTS.Before(d.BelowTS) || d.CrossedTS.After(d.AboveTS) || d.RateBPS < 0 {
					t.Fatalf("got %+v, want a crossing in the order of time", d)
				}
			}
			need := p.Need
			if need <= 0 {
				need = 98 // percent, of 100 pieces
			}
			if p.Settled && p.Have < need {
				below[moment(p.InfoHash, p.TS, p.Have)] = true
				few := p.How != "bitfield" && record.Hiding(p.Have, p.Pieces) && p.Have > 0
				proof[p.InfoHash] = proof[p.InfoHash] || !p.SuperSeed && !few
			}
			addUp(t, fold)
		}
	})
}

func moment(hash string, at time.Time, have int64) string {
	return fmt.Sprint(hash, at.UnixMicro(), have)
}
