package geotest

import (
	"fmt"
	"net"
	"strings"
	"sync"
	"sync/atomic"

	"golang.org/x/net/dns/dnsmessage"
)

// DNS is a small DNS server on loopback that knows the host names of some
// addresses and the servers of some services, and says of all else that there
// is none.
type DNS struct {
	// Addr is where it listens, host:port.
	Addr string

	conn    net.PacketConn
	names   map[string]string
	mu      sync.Mutex
	servers map[string]dnsmessage.SRVResource
	asked   atomic.Int64
	serving sync.WaitGroup
}

// StartDNS serves host names by IPv4 address. An empty name makes the server
// keep silent about that address. Close it in the end.
func StartDNS(names map[string]string) (*DNS, error) {
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("start DNS server: %w", err)
	}
	d := &DNS{Addr: conn.LocalAddr().String(), conn: conn, names: make(map[string]string), servers: make(map[string]dnsmessage.SRVResource)}
	for addr, name := range names {
		d.names[reverseName(addr)] = name
	}
	d.serving.Go(d.serve)
	return d, nil
}

// Serve adds the server of a service, such as "_sip._tcp.example.org".
func (d *DNS) Serve(service, host string, port uint16) error {
	target, err := dnsmessage.NewName(host + ".")
	if err != nil {
		return fmt.Errorf("server of %s: %w", service, err)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.servers[service+"."] = dnsmessage.SRVResource{Target: target, Port: port}
	return nil
}

// Asked is the number of questions received.
func (d *DNS) Asked() int64 { return d.asked.Load() }

// Close ends the server.
func (d *DNS) Close() error {
	err := d.conn.Close()
	d.serving.Wait()
	return err
}

func reverseName(addr string) string {
	p := strings.Split(addr, ".")
	for i, j := 0, len(p)-1; i < j; i, j = i+1, j-1 {
		p[i], p[j] = p[j], p[i]
	}
	return strings.Join(p, ".") + ".in-addr.arpa."
}

func (d *DNS) serve() {
	buf := make([]byte, 1500)
	for {
		n, from, err := d.conn.ReadFrom(buf)
		if err != nil {
			return
		}
		d.asked.Add(1)
		if reply, ok := d.reply(buf[:n]); ok {
			// A lost reply shows as a timeout at the asker.
			_, _ = d.conn.WriteTo(reply, from)
		}
	}
}

func (d *DNS) reply(question []byte) ([]byte, bool) {
	var m dnsmessage.Message
	if err := m.Unpack(question); err != nil || len(m.Questions) != 1 {
		return nil, false
	}
	q := m.Questions[0]
	name, known := d.names[q.Name.String()]
	if known && name == "" {
		return nil, false
	}
	d.mu.Lock()
	server, serves := d.servers[q.Name.String()]
	d.mu.Unlock()
	answer := dnsmessage.Message{Header: dnsmessage.Header{ID: m.ID, Response: true, RecursionAvailable: true}, Questions: m.Questions}
	switch ptr, err := dnsmessage.NewName(name + "."); {
	case serves && q.Type == dnsmessage.TypeSRV:
		answer.Answers = []dnsmessage.Resource{{Header: dnsmessage.ResourceHeader{Name: q.Name, Type: q.Type, Class: q.Class, TTL: 60}, Body: &server}}
	case !known:
		answer.RCode = dnsmessage.RCodeNameError
	case err == nil:
		answer.Answers = []dnsmessage.Resource{{
			Header: dnsmessage.ResourceHeader{Name: q.Name, Type: dnsmessage.TypePTR, Class: dnsmessage.ClassINET, TTL: 60},
			Body:   &dnsmessage.PTRResource{PTR: ptr},
		}}
	}
	packed, err := answer.Pack()
	return packed, err == nil
}
