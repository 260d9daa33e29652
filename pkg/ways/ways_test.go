package ways_test

import (
	"strings"
	"testing"
	"time"
	"unsafe"

	"btkit/pkg/outcome"
	"btkit/pkg/ways"
)

// ends are how an attempt may end, by a short name.
var ends = map[string]struct {
	stage string
	how   outcome.Outcome
}{
	"ok":       {"settled", outcome.OK},
	"open":     {"open", outcome.Closed},
	"closed":   {"handshake", outcome.ClosedEarly},
	"reset":    {"handshake", outcome.Reset},
	"silent":   {"handshake", outcome.Timeout},
	"garbage":  {"handshake", outcome.NotBitTorrent},
	"refused":  {"dial", outcome.Refused},
	"timeout":  {"dial", outcome.Timeout},
	"nowhere":  {"dial", outcome.Unreachable},
	"ours":     {"dial", outcome.LocalError},
	"canceled": {"handshake", outcome.Canceled},
	"self":     {"open", outcome.Self},
}

// story plays ends, and gives the ways that were gone: "+" before an extra one,
// and "10s" behind one that had to wait so long.
func story(t *testing.T, h ways.Hints, came ways.Way, script string) string {
	t.Helper()
	var m ways.Memory
	if came != ways.None {
		m.Came(came)
	}
	var told []string
	for _, end := range append(strings.Fields(script), "") {
		try := m.Next(h)
		told = append(told, tell(try))
		if end == "" {
			break
		}
		e, ok := ends[end]
		if !ok {
			t.Fatalf("no end %q", end)
		}
		m.Tried(try, e.stage, e.how)
	}
	return strings.Join(told, " ")
}

func tell(t ways.Try) string {
	s := t.Way.String()
	if t.Extra {
		s = "+" + s
	}
	if t.Wait > 0 {
		s += "/" + t.Wait.String()
	}
	return s
}

func TestStories(t *testing.T) {
	without := func(w ...ways.Way) ways.Hints { return ways.Hints{Without: ways.Of(w...)} }
	wants := ways.Hints{Encryption: true}
	tests := map[string]struct {
		hints  ways.Hints
		came   ways.Way
		script string
		want   string
	}{
		"a new peer":                            {want: "tcp"},
		"answers plain":                         {script: "ok ok", want: "tcp tcp tcp"},
		"answers and closes":                    {script: "open", want: "tcp tcp"},
		"takes encrypted only":                  {script: "closed ok ok", want: "tcp +tcp+mse/10s tcp+mse tcp+mse"},
		"resets instead of closing":             {script: "reset ok", want: "tcp +tcp+mse/10s tcp+mse"},
		"waits for more than a plain handshake": {script: "silent ok", want: "tcp +tcp+mse/10s tcp+mse"},
		"full, then back to plain":              {script: "closed closed timeout ok", want: "tcp +tcp+mse/10s +utp+mse/50s tcp tcp"},
		"full for long, without uTP": {script: "closed closed timeout closed closed closed closed closed closed",
			want: "tcp +tcp+mse/10s +utp+mse/50s tcp +tcp+mse/10s tcp +tcp+mse/10s tcp +tcp+mse/10s +utp+mse/50s"},
		"full for long, with uTP":                      {script: "closed closed closed closed closed ok", want: "tcp +tcp+mse/10s +utp+mse/50s utp +utp+mse/10s utp utp"},
		"uTP only, behind a TCP port that only closes": {script: "closed closed ok ok", want: "tcp +tcp+mse/10s +utp+mse/50s utp+mse utp+mse"},
		"the same, in the clear only":                  {script: "reset closed closed ok ok", want: "tcp +tcp+mse/10s +utp+mse/50s utp utp utp"},
		"full after it worked":                         {script: "ok closed closed", want: "tcp tcp tcp tcp"},
		"changed its mind on encryption":               {script: "ok closed closed closed ok", want: "tcp tcp tcp tcp +tcp+mse/10s tcp+mse"},
		"answers uTP only":                             {script: "timeout ok ok", want: "tcp +utp utp utp"},
		"answers uTP only, encrypted only":             {script: "refused closed ok ok", want: "tcp +utp +utp+mse/10s utp+mse utp+mse"},
		"uTP and encryption, found step by step":       {script: "refused closed ok closed", want: "tcp +utp +utp+mse/10s utp+mse utp+mse"},
		"not there":                                    {script: "timeout timeout nowhere timeout", want: "tcp +utp tcp +utp tcp"},
		"uTP that stops working":                       {script: "timeout ok timeout ok", want: "tcp +utp utp +tcp tcp"},
		"speaks something else":                        {script: "garbage garbage", want: "tcp tcp tcp"},
		"said to prefer encryption":                    {hints: wants, script: "closed ok", want: "tcp+mse +tcp/10s tcp"},
		"prefers encryption, not over TCP":             {hints: wants, script: "timeout ok", want: "tcp+mse +utp+mse utp+mse"},
		"came over uTP, encrypted":                     {came: ways.UTPEncrypted, script: "ok", want: "utp+mse utp+mse"},
		"came over uTP, not to be dialled there":       {came: ways.UTPEncrypted, script: "timeout ok", want: "utp+mse +tcp+mse tcp+mse"},
		"came plain though said to prefer":             {came: ways.TCP, hints: wants, want: "tcp"},
		"we have no uTP":                               {hints: without(ways.UTP, ways.UTPEncrypted), script: "timeout timeout", want: "tcp tcp tcp"},
		"we have no encryption":                        {hints: without(ways.TCPEncrypted, ways.UTPEncrypted), script: "closed timeout closed", want: "tcp +utp/10s tcp tcp"},
		"we have no encryption, it has uTP only":       {hints: without(ways.TCPEncrypted, ways.UTPEncrypted), script: "closed ok ok", want: "tcp +utp/10s utp utp"},
		"we have uTP only":                             {hints: without(ways.TCP, ways.TCPEncrypted), script: "closed ok", want: "utp +utp+mse/10s utp+mse"},
		"we have encrypted uTP only":                   {hints: without(ways.TCP, ways.TCPEncrypted, ways.UTP), script: "closed", want: "utp+mse utp+mse"},
		"we have nothing":                              {hints: without(ways.All...), want: "none"},
		"plain uTP is all there is beside":             {hints: ways.Hints{Encryption: true, Without: ways.Of(ways.UTPEncrypted)}, script: "timeout", want: "tcp+mse +utp"},
		"our own fault":                                {script: "ours canceled self", want: "tcp tcp tcp tcp"},
		"our own fault in between":                     {script: "closed ours", want: "tcp +tcp+mse/10s +tcp+mse/10s"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if got := story(t, tt.hints, tt.came, tt.script); got != tt.want {
				t.Errorf("%q: got %q, want %q", tt.script, got, tt.want)
			}
		})
	}
}

func TestWorked(t *testing.T) {
	var m ways.Memory
	if got := m.Worked(); got != ways.None {
		t.Errorf("of a new peer: got %v, want none", got)
	}
	m.Came(ways.UTP)
	if got := m.Worked(); got != ways.UTP {
		t.Errorf("after it came: got %v, want utp", got)
	}
	m.Tried(ways.Try{Way: ways.TCPEncrypted}, "settled", outcome.OK)
	m.Came(ways.UTP)
	if got := m.Worked(); got != ways.TCPEncrypted {
		t.Errorf("after it answered: got %v, want tcp+mse", got)
	}
}

func TestOver(t *testing.T) {
	for _, w := range ways.All {
		if got := ways.Over(w.Transport(), w.Encrypted()); got != w {
			t.Errorf("got %v, want %v", got, w)
		}
	}
	for _, name := range []string{"", "quic"} {
		if got := ways.Over(name, true); got != ways.None || got.String() != "none" || got.Encrypted() {
			t.Errorf("over %q: got %v, want none", name, got)
		}
	}
}

func TestMemoryIsSmall(t *testing.T) {
	if got := unsafe.Sizeof(ways.Memory{}); got > 8 {
		t.Errorf("got %d bytes for each peer, want at most 8", got)
	}
}

// FuzzNext: whatever happens to a peer, a round has at most three attempts, no
// attempt goes a way that we do not have, and an answer is gone back to.
func FuzzNext(f *testing.F) {
	f.Add([]byte{0, 1, 2, 3}, byte(0), false)
	f.Add([]byte{2, 2, 2, 0, 2, 2, 2, 6, 7, 6, 7}, byte(1<<ways.UTP), true)
	f.Add([]byte{0x16, 0x27, 0x31}, byte(0xff), false)
	names := []string{"ok", "open", "closed", "reset", "silent", "garbage", "refused", "timeout", "nowhere", "ours", "canceled", "self"}
	f.Fuzz(func(t *testing.T, script []byte, without byte, wants bool) {
		h := ways.Hints{Encryption: wants, Without: ways.Set(without)}
		var m ways.Memory
		extra := 0
		for i, b := range script {
			if b >= 0xf0 {
				m.Came(ways.All[b%4])
			}
			try := m.Next(h)
			if try.Way == ways.None {
				if try.Extra || !h.Without.Has(ways.TCP) {
					t.Fatalf("step %d: got %+v without %b", i, try, without)
				}
				return
			}
			if h.Without.Has(try.Way) || try.Extra && extra >= 2 || try.Wait < 0 || try.Wait > time.Minute {
				t.Fatalf("step %d: got %+v without %b, extra ones before: %v", i, try, without, extra)
			}
			e := ends[names[int(b&0x7f)%len(names)]]
			m.Tried(try, e.stage, e.how)
			if e.how == outcome.OK && m.Next(h) != (ways.Try{Way: try.Way}) {
				t.Fatalf("step %d: got %+v after %v answered, want it again", i, m.Next(h), try.Way)
			}
			if e.how != outcome.LocalError && e.how != outcome.Canceled && e.how != outcome.Self {
				extra++
				if !try.Extra {
					extra = 0
				}
			}
		}
	})
}
