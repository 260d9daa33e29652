package trackerd

import (
	"net/http"
	"net/netip"
	"net/url"
	"strconv"

	"btkit/pkg/benc"
)

// most torrents of one scrape.
const maxScrape = 74

func (s *Server) announceHTTP(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	hash, ok := toHash(q.Get("info_hash"))
	from, err := netip.ParseAddrPort(r.RemoteAddr)
	if !ok || err != nil {
		reply(w, map[string]any{"failure reason": "malformed request"})
		return
	}
	counts, known := s.table.Scrape(hash)
	if !known {
		reply(w, map[string]any{"failure reason": "unknown torrent"})
		return
	}
	port, _ := strconv.ParseUint(q.Get("port"), 10, 16)
	guest := netip.AddrPortFrom(from.Addr().Unmap(), uint16(port))
	s.register(hash, guest, q.Get("event") == "stopped")
	answer := map[string]any{"interval": s.opt.IntervalS, "min interval": s.opt.IntervalS,
		"complete": counts.Complete, "incomplete": counts.Incomplete, "downloaded": counts.Completed}
	members := s.table.Sample(hash, s.wanted(q), guest)
	if q.Get("compact") == "0" {
		answer["peers"] = asList(members)
	} else {
		v4, v6 := compact(members)
		answer["peers"] = string(v4)
		if len(v6) > 0 {
			answer["peers6"] = string(v6)
		}
	}
	reply(w, answer)
}

func (s *Server) scrapeHTTP(w http.ResponseWriter, r *http.Request) {
	files := map[string]any{}
	for i, text := range r.URL.Query()["info_hash"] {
		hash, ok := toHash(text)
		counts, known := s.table.Scrape(hash)
		if ok && known && i < maxScrape {
			files[text] = map[string]int{"complete": counts.Complete, "downloaded": counts.Completed, "incomplete": counts.Incomplete}
		}
	}
	reply(w, map[string]any{"files": files})
}

// register makes whoever announces a guest, or ends that.
func (s *Server) register(h Hash, guest netip.AddrPort, stopped bool) {
	if stopped {
		s.table.Dismiss(h, guest)
		return
	}
	s.table.Welcome(h, guest)
}

// wanted is the number of peers asked for, 50 if the question does not say.
func (s *Server) wanted(q url.Values) int {
	if q.Get("event") == "stopped" {
		return 0
	}
	n, err := strconv.Atoi(q.Get("numwant"))
	if err != nil || n < 0 {
		n = 50
	}
	return min(n, s.opt.Peers)
}

func reply(w http.ResponseWriter, answer any) {
	b, err := benc.Encode(answer)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/plain")
	w.Write(b)
}

func toHash(text string) (h Hash, ok bool) {
	return h, copy(h[:], text) == len(h) && len(text) == len(h)
}

func asList(members []Member) []map[string]any {
	list := []map[string]any{}
	for _, m := range members {
		list = append(list, map[string]any{"ip": m.Addr.Addr().String(), "port": int(m.Addr.Port())})
	}
	return list
}

// compact is 6 bytes for each IPv4 address (BEP 23), 18 for each of IPv6 (BEP 7).
func compact(members []Member) (v4, v6 []byte) {
	for _, m := range members {
		if m.Addr.Addr().Is4() {
			v4 = AppendCompact(v4, m.Addr)
		} else {
			v6 = AppendCompact(v6, m.Addr)
		}
	}
	return v4, v6
}

// AppendCompact adds an address and its port, 6 bytes for IPv4 (BEP 23) and 18
// for IPv6 (BEP 7).
func AppendCompact(b []byte, addr netip.AddrPort) []byte {
	b = append(b, addr.Addr().AsSlice()...)
	return append(b, byte(addr.Port()>>8), byte(addr.Port()))
}
