package tracker

import (
	"encoding/hex"
	"encoding/json"
	"os"
	"strings"
	"testing"
	"time"
)

// vectors is testdata/trackers.json; bytes in it are in hex.
type vectors struct {
	Percent []struct{ Raw, Escaped string } `json:"percent_encoding"`
	URLs    []struct{ Base, URL string }    `json:"announce_urls"`
	Scrapes []struct {
		Announce string
		Scrape   *string
	} `json:"scrape_urls"`
	HTTP       []httpVector `json:"http_replies"`
	HTTPScrape struct {
		Query   string
		Replies []struct {
			Name, Body string
			Expect     struct {
				Result, Flag string
				Min          int64 `json:"min_request_interval"`
				Files        map[string][]*int64
			}
		}
	} `json:"http_scrape"`
	UDP       []udpVector `json:"udp"`
	UDPReject []struct {
		Why, Bytes  string
		ExpectedTid string `json:"expected_tid"`
		Asked       int
	} `json:"udp_reject"`
	Timeouts []int64                               `json:"udp_timeout_seconds"`
	Schedule []struct{ Attempt, SendAt, Wait int } `json:"udp_schedule_until_given_up"`
	Capacity []struct {
		Payload   int
		MaxHashes int `json:"max_hashes"`
	} `json:"udp_scrape_capacity"`
	BEP41 []struct {
		PathQuery string `json:"path_query"`
		Options   string
	}
	BEP34 []struct {
		Txt      string
		Trackers [][]any
	} `json:"bep34_txt"`
	BEP12 []struct {
		List  [][]string `json:"announce_list"`
		Tried []string
	}
}

type httpVector struct {
	Name, Body string
	Expect     map[string]any
}

type udpVector struct {
	Name, Bytes, URL, Message string
	Connection                string `json:"connection_id"`
	Peers                     [][]any
	Leechers, Seeders         *int64
	Interval                  int64
}

func load(t testing.TB) vectors {
	t.Helper()
	b, err := os.ReadFile("testdata/trackers.json")
	if err != nil {
		t.Fatal(err)
	}
	var v vectors
	if err := json.Unmarshal(b, &v); err != nil {
		t.Fatal(err)
	}
	return v
}

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestPercentEncoding(t *testing.T) {
	for _, v := range load(t).Percent {
		if got := Escape(unhex(t, v.Raw)); got != v.Escaped {
			t.Errorf("Escape(%s) = %s, want %s", v.Raw, got, v.Escaped)
		}
	}
}

// The vectors give URLs only; these are the questions that they belong to.
func TestAnnounceURLs(t *testing.T) {
	v := load(t)
	first, second := Hash(unhex(t, v.Percent[0].Raw)), Hash(unhex(t, v.Percent[1].Raw))
	id := Hash(unhex(t, v.Percent[2].Raw))
	asked := []Request{
		{InfoHash: first, Port: 6881, Left: 5565841408, NumWant: 200, Event: Started},
		{InfoHash: second, Port: 51413, NumWant: 50},
		{InfoHash: first, Port: 6881, Left: 1, Event: Stopped},
	}
	for i, r := range asked {
		r.URL, r.PeerID, r.Key = v.URLs[i].Base, id, 0x1a2b3c4d
		if got := AnnounceURL(r); got != v.URLs[i].URL {
			t.Errorf("announce URL %d is\n%s, want\n%s", i, got, v.URLs[i].URL)
		}
	}
}

func TestScrapeURLs(t *testing.T) {
	for _, v := range load(t).Scrapes {
		got, ok := ScrapeURL(v.Announce)
		if ok != (v.Scrape != nil) || ok && got != *v.Scrape {
			t.Errorf("ScrapeURL(%s) = %q, %v; want %v", v.Announce, got, ok, v.Scrape)
		}
	}
}

func TestRetransmission(t *testing.T) {
	v := load(t)
	at := 0
	for n, want := range v.Timeouts {
		got := int64(RetransmitWait(15*time.Second, n) / time.Second)
		if got != want {
			t.Errorf("wait %d is %d s, want %d", n, got, want)
		}
		if s := v.Schedule[n]; s.Attempt != n || int64(s.Wait) != got {
			t.Errorf("schedule %d is %+v, want a wait of %d s", n, s, got)
		}
		at += int(got)
		if n+1 == transmissions && at != 105 {
			t.Errorf("given up after %d s, want 105", at)
		}
	}
}

func TestScrapeCapacity(t *testing.T) {
	for _, v := range load(t).Capacity {
		if got := ScrapeCapacity(v.Payload); got != v.MaxHashes {
			t.Errorf("ScrapeCapacity(%d) = %d, want %d", v.Payload, got, v.MaxHashes)
		}
	}
	if got := ScrapeCapacity(1232); got != UDPBatch {
		t.Errorf("the safe payload takes %d hashes, UDPBatch is %d", got, UDPBatch)
	}
}

func TestURLData(t *testing.T) {
	for _, v := range load(t).BEP41 {
		if got := hex.EncodeToString(URLData(v.PathQuery)); got != v.Options {
			t.Errorf("URLData(%.20q) = %s, want %s", v.PathQuery, got, v.Options)
		}
	}
}

func TestTXT(t *testing.T) {
	for _, v := range load(t).BEP34 {
		got, ok := ParseTXT(v.Txt)
		if ok != (v.Trackers != nil) || len(got) != len(v.Trackers) {
			t.Errorf("ParseTXT(%q) = %v, %v; want %v", v.Txt, got, ok, v.Trackers)
			continue
		}
		for i, want := range v.Trackers {
			if got[i].Protocol != want[0] || float64(got[i].Port) != want[1] {
				t.Errorf("ParseTXT(%q)[%d] = %v, want %v", v.Txt, i, got[i], want)
			}
		}
	}
}

// A client tries trackers until one answers; a measuring client asks all, so
// what a client would have tried is a part of what is asked.
func TestAllTiersAreAsked(t *testing.T) {
	for _, v := range load(t).BEP12 {
		tiers := [][]string{}
		for _, tier := range v.List {
			var urls []string
			for _, name := range tier {
				urls = append(urls, "http://"+name+"/announce")
			}
			tiers = append(tiers, urls)
		}
		got, bad := Flatten(tiers)
		all := strings.Join(got, " ")
		for _, name := range v.Tried {
			if !strings.Contains(all, "//"+name+"/") {
				t.Errorf("Flatten(%v) = %v, want %s in it", v.List, got, name)
			}
		}
		if bad != nil {
			t.Errorf("Flatten(%v) finds %v bad, want none", v.List, bad)
		}
	}
}
