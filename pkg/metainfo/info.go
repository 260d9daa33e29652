package metainfo

import (
	"crypto/sha1"
	"crypto/sha256"
	"errors"
	"fmt"

	"btkit/pkg/benc"
)

// ErrHash says that an info dictionary is not the one that was asked for.
var ErrHash = errors.New("info dictionary has another hash")

// FromInfo reads an info dictionary and verifies its hashes: those that are
// not nil must be its own, else the error is ErrHash. Asked for by its v2 hash
// alone, a hybrid torrent keeps that one as its InfoHash, since that is the
// swarm it was asked for in. Offsets in errors count from the start of info.
func FromInfo(info []byte, wantV1 *[20]byte, wantV2 *[32]byte) (*Torrent, error) {
	v1, v2 := sha1.Sum(info), sha256.Sum256(info)
	if wantV1 != nil && *wantV1 != v1 || wantV2 != nil && *wantV2 != v2 {
		return nil, ErrHash
	}
	v, rest, odd, err := benc.Parse(info, fileLimits)
	if err != nil {
		return nil, err
	}
	if len(rest) > 0 {
		return nil, &benc.SyntaxError{Offset: len(info) - len(rest), Want: "the end of the info dictionary"}
	}
	t, err := fromInfo(v)
	if err != nil {
		return nil, err
	}
	t.Source, t.Oddities = SourceMetadata, odd
	if wantV1 == nil && wantV2 != nil {
		t.InfoHash = InfoHash(v2[:20])
	}
	return t, nil
}

// fromInfo reads a checked info dictionary.
func fromInfo(info benc.Value) (*Torrent, error) {
	if info.Kind() != benc.Dict {
		return nil, expected(info, "an info dictionary")
	}
	if len(info.Raw()) > MaxInfoBytes {
		return nil, expected(info, fmt.Sprintf("an info dictionary of at most %d bytes", MaxInfoBytes))
	}
	t := &Torrent{info: info, Info: info.Raw(), Name: text(info, "name")}
	if err := t.identify(); err != nil {
		return nil, err
	}
	if err := t.measure(); err != nil {
		return nil, err
	}
	private, _ := info.Get("private").Int()
	isPrivate := private == 1
	t.Private = &isPrivate
	return t, nil
}

// identify tells v1, v2 and hybrid apart and computes their hashes.
func (t *Torrent) identify() error {
	version := t.info.Get("meta version")
	n, _ := version.Int()
	isV2 := n == 2
	if version.Kind() != benc.Absent && n != 1 && !isV2 {
		return expected(version, "meta version 2")
	}
	isV1 := t.info.Get("pieces").Kind() == benc.String
	if !isV1 && !isV2 {
		return lacks(t.info, "pieces", "a string of piece hashes")
	}
	if isV2 {
		sum := sha256.Sum256(t.Info)
		t.V2, t.InfoHash = &sum, InfoHash(sum[:20])
	}
	if isV1 {
		sum := sha1.Sum(t.Info)
		t.V1, t.InfoHash = &sum, sum
	}
	return nil
}

// measure counts pieces, bytes and files, and compares the two descriptions of
// a hybrid torrent.
func (t *Torrent) measure() error {
	length := t.info.Get("piece length")
	t.PieceBytes, _ = length.Int()
	if t.PieceBytes < 1 || t.PieceBytes > maxLength {
		return lacks(t.info, "piece length", "a number of bytes above 0")
	}
	if t.V1 != nil {
		if err := t.measureV1(); err != nil {
			return err
		}
	}
	if t.V2 != nil {
		return t.measureV2()
	}
	return nil
}

func (t *Torrent) measureV1() error {
	c, err := countV1(t.info)
	if err != nil {
		return err
	}
	t.Pieces = ceilDiv(c.all, t.PieceBytes)
	t.Bytes, t.FileCount = c.bytes, c.files
	hashes, _ := t.info.Get("pieces").Bytes()
	if t.Pieces == 0 || int64(len(hashes)) != t.Pieces*20 {
		return lacks(t.info, "pieces", fmt.Sprintf("%d hashes of 20 bytes, one for every %d bytes of content", t.Pieces, t.PieceBytes))
	}
	return nil
}

// measureV2 checks the rules of BEP 52 for the length of a piece, without
// which pieces cannot be counted.
func (t *Torrent) measureV2() error {
	if n := t.PieceBytes; n < 16<<10 || n&(n-1) != 0 {
		return lacks(t.info, "piece length", "a power of two of at least 16384")
	}
	c, err := countV2(t.info, t.PieceBytes)
	if err != nil {
		return err
	}
	if t.V1 != nil && c.pieces != t.Pieces {
		return lacks(t.info, "file tree", fmt.Sprintf("the same %d pieces as in the v1 part", t.Pieces))
	}
	if c.pieces == 0 || c.pieces > maxPieces {
		return lacks(t.info, "file tree", fmt.Sprintf("content of 1 to %d pieces", maxPieces))
	}
	t.Pieces, t.Bytes, t.FileCount = c.pieces, c.bytes, c.files
	return nil
}

// text is a string of a dictionary; old writers put the UTF-8 form beside it.
func text(dict benc.Value, key string) string {
	if s := dict.Get(key + ".utf-8").Text(); s != "" {
		return s
	}
	return dict.Get(key).Text()
}

func ceilDiv(a, b int64) int64 { return (a + b - 1) / b }

// expected is the error about a value that is not what it should be.
func expected(v benc.Value, want string) error {
	return &benc.SyntaxError{Offset: v.Offset(), Want: want}
}

// lacks is the error about a key of a dictionary: it points at its value, or
// at the dictionary when the key is not there.
func lacks(dict benc.Value, key, want string) error {
	want = fmt.Sprintf("%q: %s", key, want)
	if v := dict.Get(key); v.Kind() != benc.Absent {
		return expected(v, want)
	}
	return expected(dict, want)
}
