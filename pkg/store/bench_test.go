package store

import (
	"errors"
	"fmt"
	"testing"

	"btkit/pkg/record"
)

// BenchmarkStore measures the way from a line to the committed row.
func BenchmarkStore(b *testing.B) {
	texts := make([][]byte, 6000)
	for i := range texts {
		texts[i] = fmt.Appendf(nil, `{"type":"progress","v":1,"ts":"2026-11-20T23:01:02.123456Z","by":"bt-probe","run":"9f3c000000000000",`+
			`"infohash":"0123456789abcdef0123456789abcdef01234567","ip":"127.%d.%d.1","port":6881,"session":%d,"direction":"out",`+
			`"peer_id":"%040x","client":"Test 1.0","have":%d,"pieces":1000,"need":980,"how":"bitfield","settled":true,"complete":false,"seq":`,
			i>>8, i&255, i, i, i%1000)
	}
	db := openDB(b, tempDB(b), Options{})
	s := New(db, nil, nil, nil)
	done := make(chan struct{})
	go func() { defer close(done); s.Run(nil) }()
	var l record.Line
	var raw []byte
	b.ResetTimer()
	for i := range b.N {
		raw = fmt.Appendf(append(raw[:0], texts[i%len(texts)]...), "%d}", i+1)
		if err := errors.Join(l.Parse(raw), s.Hear(&l)); err != nil {
			b.Fatal(err)
		}
	}
	s.EOF()
	<-done
	if err := errors.Join(s.Err(), db.Close()); err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "rows/s")
}
