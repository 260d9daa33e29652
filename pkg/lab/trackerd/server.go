package trackerd

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"sync"
	"time"
)

// Options of the servers; the zero value is a sensible tracker on free ports.
type Options struct {
	// Where to listen, HTTP and UDP; "" means a free port of 127.0.0.1.
	HTTP, UDP string
	// Seconds between announces that answers ask for; 0 means 1800.
	IntervalS int
	// Most peers of an answer; 0 means 200.
	Peers int
	// Clock; nil means time.Now.
	Now func() time.Time
}

// Server answers from a Table.
type Server struct {
	table  *Table
	opt    Options
	secret [16]byte
	web    *http.Server
	webLn  net.Listener
	udp    net.PacketConn
	wait   sync.WaitGroup
}

// Open starts both servers. Close ends them.
func Open(table *Table, opt Options) (*Server, error) {
	s := &Server{table: table, opt: opt.filled()}
	if _, err := rand.Read(s.secret[:]); err != nil {
		return nil, fmt.Errorf("tracker secret: %w", err)
	}
	var err error
	if s.webLn, err = net.Listen("tcp4", s.opt.HTTP); err != nil {
		return nil, fmt.Errorf("tracker: %w", err)
	}
	if s.udp, err = net.ListenPacket("udp4", s.opt.UDP); err != nil {
		s.webLn.Close()
		return nil, fmt.Errorf("tracker: %w", err)
	}
	s.start()
	return s, nil
}

func (o Options) filled() Options {
	if o.HTTP == "" {
		o.HTTP = "127.0.0.1:0"
	}
	if o.UDP == "" {
		o.UDP = "127.0.0.1:0"
	}
	if o.IntervalS == 0 {
		o.IntervalS = 1800
	}
	if o.Peers == 0 {
		o.Peers = 200
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return o
}

func (s *Server) start() {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /announce", s.announceHTTP)
	mux.HandleFunc("GET /scrape", s.scrapeHTTP)
	s.web = &http.Server{Handler: mux, ReadTimeout: 10 * time.Second, WriteTimeout: 10 * time.Second,
		MaxHeaderBytes: 1 << 15, ErrorLog: log.New(io.Discard, "", 0)}
	s.wait.Add(2)
	go func() { defer s.wait.Done(); s.web.Serve(s.webLn) }()
	go func() { defer s.wait.Done(); s.serveUDP() }()
}

// HTTPURL is the announce URL over HTTP.
func (s *Server) HTTPURL() string { return fmt.Sprintf("http://%s/announce", s.webLn.Addr()) }

// UDPURL is the announce URL over UDP.
func (s *Server) UDPURL() string { return fmt.Sprintf("udp://%s/announce", s.udp.LocalAddr()) }

// Close ends both servers and waits for them.
func (s *Server) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	err := s.web.Shutdown(ctx)
	if errors.Is(err, context.DeadlineExceeded) {
		err = s.web.Close()
	}
	err = errors.Join(err, s.udp.Close())
	s.wait.Wait()
	return err
}
