package mse

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"math/rand/v2"
	"os"
	"testing"
)

type hexBytes []byte

func (b *hexBytes) UnmarshalText(text []byte) error {
	if len(text)%2 == 1 {
		text = append([]byte("0"), text...)
	}
	*b = make([]byte, len(text)/2)
	_, err := hex.Decode(*b, text)
	return err
}

// conversation is one of the vectors: every byte of both directions.
type conversation struct {
	Name        string     `json:"name"`
	XA          hexBytes   `json:"xa"`
	XB          hexBytes   `json:"xb"`
	SKEY        hexBytes   `json:"skey_info_hash"`
	Provide     Method     `json:"crypto_provide"`
	Select      Method     `json:"crypto_select"`
	PadA        hexBytes   `json:"pad_a"`
	PadB        hexBytes   `json:"pad_b"`
	PadC        hexBytes   `json:"pad_c"`
	PadD        hexBytes   `json:"pad_d"`
	YA          hexBytes   `json:"ya"`
	YB          hexBytes   `json:"yb"`
	S           hexBytes   `json:"s"`
	Req1        hexBytes   `json:"hash_req1_s"`
	Req2        hexBytes   `json:"hash_req2_skey"`
	Masked      hexBytes   `json:"req2_xor_req3"`
	KeyStreamA  hexBytes   `json:"keystream_a_after_1024_first16"`
	KeyStreamB  hexBytes   `json:"keystream_b_after_1024_first16"`
	Step1       hexBytes   `json:"step1_a_sends"`
	Step2       hexBytes   `json:"step2_b_sends"`
	Step3       hexBytes   `json:"step3_a_sends"`
	Step4       hexBytes   `json:"step4_encrypted"`
	IA          hexBytes   `json:"ia_plain"`
	PayloadA    hexBytes   `json:"payload_a_plain"`
	PayloadB    hexBytes   `json:"payload_b_plain"`
	PayloadAOut hexBytes   `json:"payload_a_wire"`
	PayloadBOut hexBytes   `json:"payload_b_wire"`
	ASends      hexBytes   `json:"a_sends_total"`
	BSends      hexBytes   `json:"b_sends_total"`
	Serves      []hexBytes `json:"receiver_serves"`
}

type vectors struct {
	Cases []conversation `json:"cases"`
	RC4   []struct {
		Key     hexBytes `json:"key"`
		Discard int      `json:"discard"`
		First32 hexBytes `json:"first32"`
	} `json:"rc4"`
	RejectPublicKeys []struct {
		Why string   `json:"why"`
		Y   hexBytes `json:"y"`
	} `json:"reject_public_keys"`
}

func load(t testing.TB) (v vectors) {
	t.Helper()
	text, err := os.ReadFile("testdata/mse.json")
	if err == nil {
		err = json.Unmarshal(text, &v)
	}
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func (c *conversation) initiator() (*initiator, []byte) {
	return newInitiator([20]byte(c.SKEY), c.IA, c.Provide, newKeyPair([20]byte(c.XA)), c.PadA, c.PadC)
}

// responder selects what the vector selects.
func (c *conversation) responder() *responder {
	var keys Keys
	for _, k := range c.Serves {
		keys.Add([20]byte(k))
	}
	shared := &sharedKey{keyPair: newKeyPair([20]byte(c.XB))}
	return newResponder(c.Select, c.PadB, c.PadD, keys.lookup, shared.agree)
}

// cuttings are ways to cut a stream: how long the next piece is.
func cuttings() map[string]func() int {
	dice := rand.New(rand.NewPCG(1, 2))
	return map[string]func() int{
		"in one piece":   func() int { return 1 << 20 },
		"byte by byte":   func() int { return 1 },
		"by three":       func() int { return 3 },
		"random, small":  func() int { return 1 + dice.IntN(20) },
		"random, large":  func() int { return 1 + dice.IntN(300) },
		"random, mostly": func() int { return 90 + dice.IntN(20) },
	}
}

// feedAll feeds a stream in pieces until the machine is done, and gives what it
// says and what was decrypted behind the handshake.
func feedAll(m *machine, in []byte, next func() int) (said, rest []byte, err error) {
	for len(in) > 0 && !m.done {
		n := min(next(), len(in))
		send, err := m.feed(append([]byte(nil), in[:n]...))
		said, in = append(said, send...), in[n:]
		if err != nil {
			return said, nil, err
		}
	}
	rest = append([]byte(nil), m.in...)
	if m.rx != nil {
		more := append([]byte(nil), in...)
		m.rx.xor(more, more)
		in = more
	}
	return said, append(rest, in...), nil
}

// seal is what a machine that is done sends for p.
func seal(m *machine, p []byte) []byte {
	p = append([]byte(nil), p...)
	if m.tx != nil {
		m.tx.xor(p, p)
	}
	return p
}

func TestInitiatorVectors(t *testing.T) {
	for _, c := range load(t).Cases {
		for how, next := range cuttings() {
			t.Run(c.Name+"/"+how, func(t *testing.T) {
				a, first := c.initiator()
				said, rest, err := feedAll(&a.machine, c.BSends, next)
				if err != nil || !a.done {
					t.Fatalf("got done %v, error %v", a.done, err)
				}
				sent := append(append(first, said...), seal(&a.machine, c.PayloadA)...)
				same(t, "sent", sent, c.ASends)
				same(t, "payload", rest, c.PayloadB)
				if want := (Result{c.Provide, c.Select, [20]byte(c.SKEY), len(c.PadB), c.S[0] == 0}); a.Result != want {
					t.Errorf("got %+v, want %+v", a.Result, want)
				}
			})
		}
	}
}

func TestResponderVectors(t *testing.T) {
	for _, c := range load(t).Cases {
		for how, next := range cuttings() {
			t.Run(c.Name+"/"+how, func(t *testing.T) {
				b := c.responder()
				said, rest, err := feedAll(&b.machine, c.ASends, next)
				if err != nil || !b.done {
					t.Fatalf("got done %v, error %v", b.done, err)
				}
				same(t, "sent", append(said, seal(&b.machine, c.PayloadB)...), c.BSends)
				same(t, "payload", rest, append(append([]byte(nil), c.IA...), c.PayloadA...))
				if want := (Result{c.Provide, c.Select, [20]byte(c.SKEY), len(c.PadA), c.S[0] == 0}); b.Result != want {
					t.Errorf("got %+v, want %+v", b.Result, want)
				}
			})
		}
	}
}

func TestKeyVectors(t *testing.T) {
	for _, c := range load(t).Cases {
		t.Run(c.Name, func(t *testing.T) {
			a, b := newKeyPair([20]byte(c.XA)), newKeyPair([20]byte(c.XB))
			same(t, "Ya", a.public[:], c.YA)
			same(t, "Yb", b.public[:], c.YB)
			sa, errA := a.secret(&b.public)
			sb, errB := b.secret(&a.public)
			if errA != nil || errB != nil {
				t.Fatal(errA, errB)
			}
			same(t, "S of A", sa[:], c.S)
			same(t, "S of B", sb[:], c.S)
			req1, req2, masked := sa.req1(), req2([20]byte(c.SKEY)), sa.masked([20]byte(c.Req2))
			same(t, "req1", req1[:], c.Req1)
			same(t, "req2", req2[:], c.Req2)
			same(t, "req2 xor req3", masked[:], c.Masked)
			keyA, keyB := sa.ciphers([20]byte(c.SKEY))
			got := make([]byte, 16)
			keyA.xor(got, got)
			same(t, "key stream A", got, c.KeyStreamA)
			clear(got)
			keyB.xor(got, got)
			same(t, "key stream B", got, c.KeyStreamB)
		})
	}
}

func TestDegenerateKeys(t *testing.T) {
	v := load(t)
	for _, r := range v.RejectPublicKeys {
		t.Run(r.Why, func(t *testing.T) {
			a, _ := v.Cases[0].initiator()
			if _, err := a.feed(r.Y); err != errDegenerate {
				t.Errorf("initiator: got %v, want %v", err, errDegenerate)
			}
			if _, err := v.Cases[0].responder().feed(r.Y); err != errDegenerate {
				t.Errorf("responder: got %v, want %v", err, errDegenerate)
			}
		})
	}
	for why, y := range map[string]*[keyLen]byte{"2": {keyLen - 1: 2}, "P-2": (*[keyLen]byte)(largest.Bytes())} {
		if _, err := newKeyPair([20]byte{1}).secret(y); err != nil {
			t.Errorf("%s: got %v, want no error", why, err)
		}
	}
}

func same(t *testing.T, what string, got, want []byte) {
	t.Helper()
	if !bytes.Equal(got, want) {
		t.Errorf("%s: got %x, want %x", what, got, want)
	}
}
