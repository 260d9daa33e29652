package metainfo

import (
	"fmt"

	"btkit/pkg/benc"
)

// ParseFile reads a .torrent file. The Torrent shares the memory of b. Offsets
// in errors count from the start of b. Bytes after the end are let pass.
func ParseFile(b []byte) (*Torrent, error) {
	if len(b) > MaxFileBytes {
		return nil, &benc.SyntaxError{Offset: MaxFileBytes, Want: fmt.Sprintf("a file of at most %d bytes", MaxFileBytes), Limit: true}
	}
	v, _, odd, err := benc.Parse(b, fileLimits)
	if err != nil {
		return nil, err
	}
	if v.Kind() != benc.Dict {
		return nil, expected(v, "a dictionary")
	}
	info := v.Get("info")
	if info.Kind() != benc.Dict {
		return nil, lacks(v, "info", "a dictionary")
	}
	t, err := fromInfo(info)
	if err != nil {
		return nil, err
	}
	t.Trackers = trackersOf(v)
	// Of the two kinds, BEP 19 and BEP 17, we contact neither.
	t.WebSeeds = webSeeds(append(urlsOf(v.Get("url-list")), urlsOf(v.Get("httpseeds"))...))
	t.Source, t.Oddities = SourceFile, odd
	return t, nil
}

// AppendFile appends the torrent as a .torrent file with the info dictionary
// exactly as it came. The piece layers of BEP 52 are not in an info dictionary,
// so a client fetches them from its peers.
func (t *Torrent) AppendFile(to []byte) ([]byte, error) {
	if t.Info == nil {
		return nil, fmt.Errorf("torrent %s: its info dictionary is not known", t.InfoHash)
	}
	dict := map[string]any{"info": benc.RawMessage(t.Info)}
	if len(t.Trackers) > 0 {
		dict["announce"] = t.Trackers[0][0]
		dict["announce-list"] = t.Trackers
	}
	if len(t.WebSeeds) > 0 {
		dict["url-list"] = t.WebSeeds
	}
	b, err := benc.Encode(dict)
	if err != nil {
		return nil, fmt.Errorf("encode torrent %s: %w", t.InfoHash, err)
	}
	return append(to, b...), nil
}
