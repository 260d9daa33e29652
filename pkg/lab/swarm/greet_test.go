package swarm

import (
	"testing"

	"btkit/pkg/benc"
	"btkit/pkg/lab/script"
	"btkit/pkg/peerwire"
)

const all = peerwire.BitExt | peerwire.BitFast

func TestGreetings(t *testing.T) {
	t.Parallel()
	leecher := func(have int) func(*script.Peer) {
		return func(p *script.Peer) { p.Role, p.First = script.Leecher, have }
	}
	for name, c := range map[string]struct {
		client string
		change func(*script.Peer)
		bits   uint64
		state  peerwire.ID // message that tells the pieces
		first  int         // pieces it tells
		final  int         // pieces told in the end
		only   bool        // upload_only in the extension handshake
	}{
		"seed":                      {"-LT20B0-", func(*script.Peer) {}, all, peerwire.HaveAll, 100, 100, true},
		"seed, we without fast":     {"-LT20B0-", func(*script.Peer) {}, peerwire.BitExt, peerwire.BitfieldID, 100, 100, true},
		"seed without fast":         {"-UT355W-", func(*script.Peer) {}, all, peerwire.BitfieldID, 100, 100, true},
		"leecher":                   {"-qB4650-", leecher(37), all, peerwire.BitfieldID, 37, 37, false},
		"leecher without pieces":    {"-qB4650-", leecher(0), all, peerwire.HaveNone, 0, 0, false},
		"rTorrent without pieces":   {"-lt0D60-", leecher(0), all, peerwire.KeepAlive, 0, 0, false},
		"aria2 leecher":             {"A2-1-36-0-", leecher(99), all, peerwire.BitfieldID, 99, 99, false},
		"partial seed":              {"-qB4650-", func(p *script.Peer) { p.Role, p.First = script.PartialSeed, 50 }, all, peerwire.BitfieldID, 50, 50, true},
		"super-seed":                {"-LT20B0-", func(p *script.Peer) { p.Role = script.SuperSeed }, all, peerwire.HaveNone, 0, 1, false},
		"lazy seed":                 {"-UT355W-", func(p *script.Peer) { p.Withhold = 24 }, all, peerwire.BitfieldID, 76, 100, true},
		"lazy seed, slowly":         {"-BI3500-", func(p *script.Peer) { p.Withhold = 3 }, all, peerwire.BitfieldID, 97, 100, true},
		"HAVE before the bitfield":  {"-LT20B0-", func(p *script.Peer) { leecher(37)(p); p.Early = true }, all, peerwire.BitfieldID, 36, 37, false},
		"HAVE before the have-all":  {"-LT20B0-", func(p *script.Peer) { p.Early = true }, all, peerwire.HaveAll, 100, 100, true},
		"Transmission, no ut_pex 0": {"-TR3000-", leecher(1), all, peerwire.BitfieldID, 1, 1, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := act(t, solo(t, c.client, c.change))
			v := visit(t, l.where(t, 0), l.peers[0].torrent.InfoHash, c.bits)
			v.send(peerwire.AppendKeepAlive(nil))
			got := v.until("state", func(got []heard) bool { return first(got, c.state) != nil && has(got, 100) == c.final })
			if n := has([]heard{*first(got, c.state)}, 100); n != c.first {
				t.Errorf("%v tells %d pieces, want %d", c.state, n, c.first)
			}
			ext := first(got, peerwire.Extended)
			if ext == nil || ext.Ext != 0 || got[0].ID != peerwire.Extended {
				t.Fatalf("no extension handshake in front: %v", got)
			}
			h, rest, odd, err := benc.Parse(ext.Payload, benc.Limits{})
			if err != nil || len(rest) > 0 || odd != 0 {
				t.Fatalf("extension handshake %q: %v", ext.Payload, err)
			}
			if n, _ := h.Get("upload_only").Int(); (n == 1) != c.only {
				t.Errorf("upload_only is %d, want it %v", n, c.only)
			}
			if size, _ := h.Get("metadata_size").Int(); size != int64(len(l.peers[0].torrent.Info)) {
				t.Errorf("metadata_size is %d, want %d", size, len(l.peers[0].torrent.Info))
			}
			if id := string(v.theirs.PeerID[:]); id[:len(c.client)] != c.client {
				t.Errorf("peer id %q, want %s…", id, c.client)
			}
		})
	}
}

func TestWhoIsSentAway(t *testing.T) {
	t.Parallel()
	seed := func(*script.Peer) {}
	for name, c := range map[string]struct {
		client string
		change func(*script.Peer)
		say    []byte
	}{
		"upload_only in the handshake":      {"-LT20B0-", seed, hello("11:upload_onlyi1e")},
		"upload_only message":               {"-qB4650-", seed, peerwire.AppendExtended(hello(""), 3, []byte{1})},
		"HAVE_ALL to a seed":                {"-LT20B0-", seed, peerwire.AppendHaveAll(nil)},
		"HAVE_NONE to one without fast":     {"-lt0D60-", seed, peerwire.AppendHaveNone(nil)},
		"nothing to say, aria2":             {"A2-1-36-0-", func(p *script.Peer) { p.Client = p.Client.Scaled(0.001) }, nil},
		"nothing to say, Transmission":      {"-TR3000-", func(p *script.Peer) { p.Client = p.Client.Scaled(0.0001) }, nil},
		"too long a frame":                  {"-LT20B0-", seed, []byte{0x7f, 0, 0, 0, 5}},
		"interested, but idle for too long": {"A2-1-36-0-", func(p *script.Peer) { p.Client = p.Client.Scaled(0.001) }, peerwire.AppendInterested(nil)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := act(t, solo(t, c.client, c.change))
			v := visit(t, l.where(t, 0), l.peers[0].torrent.InfoHash, all)
			v.send(c.say)
			v.over()
		})
	}
}

func TestWhoIsRefused(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		client string
		change func(*script.Peer)
		want   []bool // whether visits, one beside the other, are taken
	}{
		"one connection from an address":       {"-LT20B0-", func(*script.Peer) {}, []bool{true, false, false}},
		"busy at every second visit":           {"A2-1-36-0-", func(p *script.Peer) { p.Busy = true; p.Client.OneByID = false }, []bool{false, true, false, true}},
		"as many as we like, by none of these": {"A2-1-36-0-", func(p *script.Peer) { p.Client.OneByID = false }, []bool{true, true, true}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := act(t, solo(t, c.client, c.change))
			for i, want := range c.want {
				v := visit(t, l.where(t, 0), l.peers[0].torrent.InfoHash, all)
				if got := v != nil; got != want {
					t.Errorf("visit %d taken: %v, want %v", i+1, got, want)
				}
				if v != nil && i == 0 {
					v.until("greeting", func(got []heard) bool { return len(got) > 0 })
				}
			}
		})
	}
	t.Run("same peer id", func(t *testing.T) {
		t.Parallel()
		l := act(t, solo(t, "A2-1-36-0-", func(*script.Peer) {}))
		one := visit(t, l.where(t, 0), l.peers[0].torrent.InfoHash, all)
		one.until("greeting", func(got []heard) bool { return len(got) > 0 })
		two := visit(t, l.where(t, 0), l.peers[0].torrent.InfoHash, all)
		if two == nil {
			return // closed before its handshake left, which is as good
		}
		two.over()
		if got := two.messages(); len(got) != 0 {
			t.Errorf("the second one with our peer id hears %v, want nothing", got)
		}
	})
	t.Run("other torrent", func(t *testing.T) {
		t.Parallel()
		l := act(t, solo(t, "-LT20B0-", func(*script.Peer) {}))
		if visit(t, l.where(t, 0), [20]byte{1}, all) != nil {
			t.Error("a visit for another torrent is taken")
		}
	})
}
