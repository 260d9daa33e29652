package store

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"testing"

	"btkit/pkg/record"
)

func TestUnfinished(t *testing.T) {
	path := tempDB(t)
	odd := []string{`{"type":"torrent","infohash":"0dd","trackers":[7]}`, `{"type":"progress","settled":true,"have":1,"need":9,` +
		`"direction":"out","infohash":"0dd","ip":"127.1.0.9","port":1,"ts":"2026-11-20T23:00:00.000000Z"}`}
	fill(t, path, Options{KeepIP: true}, append(swarm(), odd...)...)
	var got []string
	err := Unfinished(context.Background(), path, func(r record.Record) error {
		switch x := r.(type) {
		case *record.Torrent:
			got = append(got, fmt.Sprintf("torrent %s %s %d %d %v %s", x.InfoHash, x.Name, x.Pieces, x.Need, x.Trackers, x.Source))
		case *record.Peer:
			got = append(got, fmt.Sprintf("peer %s %v:%d %s", x.InfoHash, x.IP, x.Port, x.Source))
		}
		return nil
	})
	want := []string{"torrent 0dd  0 0 [] file", "torrent aa thing 100 98 [[udp://127.0.0.1:80]] file", "peer 0dd 127.1.0.9:1 file",
		"peer aa 127.1.0.3:6881 file", "peer aa 127.1.0.6:7000 file"}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %q, %v\nwant %q", got, err, want)
	}
}

// Trackers that others have named do not stand in the way of the torrent's own;
// without those they are better than none.
func TestTrackersOfATorrent(t *testing.T) {
	own, heard := `"trackers":[["http://127.0.0.1:80/a"]]`, `"trackers":[["udp://127.0.0.1:80"]],"source":"tex"`
	for name, tt := range map[string]struct {
		lines []string
		want  string
	}{
		"both":       {[]string{own, heard}, `[["http://127.0.0.1:80/a"]]`},
		"heard only": {[]string{heard}, `[["udp://127.0.0.1:80"]]`},
	} {
		t.Run(name, func(t *testing.T) {
			path := tempDB(t)
			var lines []string
			for i, members := range tt.lines {
				lines = append(lines, fmt.Sprintf(`{"type":"torrent","v":1,"ts":"2026-11-20T23:00:00.000000Z","by":"x","run":"r","seq":%d,"infohash":"aa",%s}`, i+1, members))
			}
			fill(t, path, Options{}, lines...)
			if got := query(t, path, "SELECT trackers FROM torrents"); len(got) != 1 || got[0] != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func TestUnfinishedNeedsAddresses(t *testing.T) {
	path := tempDB(t)
	fill(t, path, Options{}, swarm()...)
	none := func(record.Record) error { return errors.New("a record was given") }
	if err := Unfinished(context.Background(), path, none); !errors.Is(err, ErrAddresses) {
		t.Errorf("got %v, want %v", err, ErrAddresses)
	}
	write(t, path+".txt", "not a database at all")
	if err := Unfinished(context.Background(), path+".txt", none); !errors.Is(err, ErrForeign) {
		t.Errorf("got %v, want %v", err, ErrForeign)
	}
}
