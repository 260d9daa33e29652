package trackerd

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"net"
	"net/netip"
)

// Numbers of BEP 15.
const (
	protocolID     = 0x41727101980
	actionConnect  = 0
	actionAnnounce = 1
	actionScrape   = 2
	actionError    = 3
	eventStopped   = 3
	connectLen     = 16
	announceLen    = 98
	maxUDPPeers    = 200
)

func (s *Server) serveUDP() {
	buf := make([]byte, 2048)
	for {
		n, addr, err := s.udp.ReadFrom(buf)
		if err != nil {
			return
		}
		from := addr.(*net.UDPAddr).AddrPort()
		from = netip.AddrPortFrom(from.Addr().Unmap(), from.Port())
		if answer := s.answerUDP(buf[:n], from); answer != nil {
			s.udp.WriteTo(answer, addr)
		}
	}
}

// answerUDP is the answer to one datagram; nil means none.
func (s *Server) answerUDP(b []byte, from netip.AddrPort) []byte {
	if len(b) < connectLen {
		return nil
	}
	id, action, tid := binary.BigEndian.Uint64(b), binary.BigEndian.Uint32(b[8:]), binary.BigEndian.Uint32(b[12:])
	switch {
	case action == actionConnect && id == protocolID:
		return binary.BigEndian.AppendUint64(head(actionConnect, tid), s.connection(from, 0))
	case action == actionConnect:
		return nil
	case id != s.connection(from, 0) && id != s.connection(from, -1):
		return append(head(actionError, tid), "connection id expired"...)
	case action == actionAnnounce && len(b) >= announceLen:
		return s.announceUDP(b, tid, from)
	case action == actionScrape:
		return s.scrapeUDP(b[16:], tid)
	}
	return append(head(actionError, tid), "malformed request"...)
}

func head(action, tid uint32) []byte {
	return binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(nil, action), tid)
}

// connection is the id of an address in the current span of two minutes, or in
// one before.
func (s *Server) connection(from netip.AddrPort, spans int64) uint64 {
	mac := hmac.New(sha256.New, s.secret[:])
	text, _ := from.MarshalBinary()
	mac.Write(text)
	mac.Write(binary.BigEndian.AppendUint64(nil, uint64(s.opt.Now().Unix()/120+spans)))
	return binary.BigEndian.Uint64(mac.Sum(nil))
}

func (s *Server) announceUDP(b []byte, tid uint32, from netip.AddrPort) []byte {
	hash := Hash(b[16:36])
	counts, known := s.table.Scrape(hash)
	if !known {
		return append(head(actionError, tid), "unknown torrent"...)
	}
	stopped := binary.BigEndian.Uint32(b[80:]) == eventStopped
	guest := netip.AddrPortFrom(from.Addr(), binary.BigEndian.Uint16(b[96:]))
	s.register(hash, guest, stopped)
	want := int(int32(binary.BigEndian.Uint32(b[92:])))
	if want < 0 {
		want = 50
	}
	if stopped {
		want = 0
	}
	answer := head(actionAnnounce, tid)
	for _, n := range []int{s.opt.IntervalS, counts.Incomplete, counts.Complete} {
		answer = binary.BigEndian.AppendUint32(answer, uint32(n))
	}
	v4, _ := compact(s.table.Sample(hash, min(want, s.opt.Peers, maxUDPPeers), guest))
	return append(answer, v4...)
}

func (s *Server) scrapeUDP(hashes []byte, tid uint32) []byte {
	answer := head(actionScrape, tid)
	for n := 0; len(hashes) >= 20 && n < maxScrape; n++ {
		c, _ := s.table.Scrape(Hash(hashes[:20]))
		for _, v := range []int{c.Complete, c.Completed, c.Incomplete} {
			answer = binary.BigEndian.AppendUint32(answer, uint32(v))
		}
		hashes = hashes[20:]
	}
	return answer
}
