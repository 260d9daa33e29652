package announce

import (
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strconv"
	"strings"
	"testing"

	"btkit/pkg/tracker"
)

// vectors are those of the room that decodes; here they come over sockets.
type vectors struct {
	HTTP []struct {
		Name, Body string
		Expect     struct {
			Result string
			Peers  [][]any
			Peers6 [][]any
		}
	} `json:"http_replies"`
	Reject []struct{ Why, Bytes string } `json:"udp_reject"`
}

func load(t *testing.T) vectors {
	t.Helper()
	b, err := os.ReadFile("../tracker/testdata/trackers.json")
	if err != nil {
		t.Fatal(err)
	}
	var v vectors
	if err := json.Unmarshal(b, &v); err != nil {
		t.Fatal(err)
	}
	return v
}

func unhex(t *testing.T, digits string) []byte {
	t.Helper()
	b, err := hex.DecodeString(digits)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// number reads which of the torrents an info-hash belongs to.
func number(hash string) int {
	n, err := strconv.Atoi(strings.TrimPrefix(hash, "torrent "))
	if err != nil {
		return 0
	}
	return n
}

// live asks real trackers on loopback once for each of n torrents and gives
// the outcomes and numbers of peers of the announces, by info-hash.
func live(t *testing.T, n int, url string) (outcomes map[string]string, peers map[string]int64) {
	t.Helper()
	client := tracker.New(tracker.Options{})
	defer client.Close()
	out := &sink{}
	s := New(Options{Asker: client, Out: out, Once: true, NoScrape: true, Rate: -1})
	for _, line := range torrents(n, url) {
		if err := hear(s, line); err != nil {
			t.Fatal(err)
		}
	}
	s.EOF()
	if err := s.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	outcomes, peers = map[string]string{}, map[string]int64{}
	for _, r := range out.requests {
		if r.Ask == "announce" {
			outcomes[r.InfoHash] = r.Outcome
			if r.Peers != nil {
				peers[r.InfoHash] = *r.Peers
			}
		}
	}
	return outcomes, peers
}

// Whatever a tracker answers is the outcome of that one request.
func TestEveryHTTPVectorIsAnOutcome(t *testing.T) {
	v := load(t)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Write(unhex(t, v.HTTP[number(r.URL.Query().Get("info_hash"))].Body))
	}))
	defer server.Close()
	outcomes, peers := live(t, len(v.HTTP), server.URL+"/announce")
	for i, vector := range v.HTTP {
		hash, want := hashOf(i), vector.Expect
		if outcomes[hash] != want.Result || peers[hash] != int64(len(want.Peers)+len(want.Peers6)) {
			t.Errorf("%s: got %q with %d peers, want %+v", vector.Name, outcomes[hash], peers[hash], want)
		}
	}
}

// Nor does any packet end more than its request.
func TestEveryUDPRejectIsAnOutcome(t *testing.T) {
	v := load(t)
	conn, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		serveUDP(conn, func(n int) []byte { return unhex(t, v.Reject[n].Bytes) })
	}()
	defer func() { conn.Close(); <-done }()
	outcomes, _ := live(t, len(v.Reject), fmt.Sprintf("udp://%s/announce", conn.LocalAddr()))
	for i, reject := range v.Reject {
		want := "malformed"
		if strings.HasPrefix(reject.Why, "length not") || strings.HasPrefix(reject.Why, "interval with") || strings.HasPrefix(reject.Why, "other tr") {
			want = "ok"
		}
		if got := outcomes[hashOf(i)]; got != want {
			t.Errorf("%s: got %q, want %q", reject.Why, got, want)
		}
	}
	if len(outcomes) != len(v.Reject) {
		t.Errorf("%d outcomes, want %d", len(outcomes), len(v.Reject))
	}
}

// serveUDP answers connects as a tracker does and announces with a vector
// whose transaction id is made to fit.
func serveUDP(conn net.PacketConn, vector func(int) []byte) {
	buf := make([]byte, 2048)
	for {
		n, from, err := conn.ReadFrom(buf)
		if err != nil {
			return
		}
		answer := append([]byte{0, 0, 0, 0}, buf[12:16]...)
		answer = append(answer, 1, 2, 3, 4, 5, 6, 7, 8)
		if binary.BigEndian.Uint32(buf[8:]) == 1 && n >= 98 {
			answer = vector(number(string(buf[16:36])))
			if len(answer) >= 8 {
				copy(answer[4:8], buf[12:16])
			} else {
				answer = append([]byte{0, 0, 0, 9}, buf[12:16]...) // too short to belong to anything
			}
		}
		conn.WriteTo(answer, from)
	}
}
