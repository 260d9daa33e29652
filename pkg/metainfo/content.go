package metainfo

import (
	"fmt"
	"iter"
	"strings"

	"btkit/pkg/benc"
)

// entry is a file as the info dictionary lists it.
type entry struct {
	path    []string
	bytes   int64
	padding bool // fills up the piece before the next file (BEP 47)
	from    benc.Value
}

// content adds up entries.
type content struct {
	all, bytes    int64 // with and without padding files
	files, pieces int64
	entries       int64
}

// add refuses what passes a bound. pieceBytes 0 leaves pieces uncounted.
func (c *content) add(e entry, pieceBytes int64) error {
	if e.bytes < 0 || e.bytes > maxLength-c.all {
		return lacks(e.from, "length", fmt.Sprintf("a number of bytes, at most %d in all", maxLength))
	}
	if c.entries++; c.entries > maxFiles {
		return expected(e.from, fmt.Sprintf("at most %d files", maxFiles))
	}
	c.all += e.bytes
	if pieceBytes > 0 {
		c.pieces += ceilDiv(e.bytes, pieceBytes)
	}
	if !e.padding {
		c.bytes += e.bytes
		c.files++
	}
	return nil
}

// Files walks the files, padding files left out. It walks none when the info
// dictionary is not known.
func (t *Torrent) Files() iter.Seq[File] {
	return func(yield func(File) bool) {
		index := int64(0)
		for e := range t.entries() {
			if e.padding {
				continue
			}
			if !yield(File{Index: index, Path: strings.Join(e.path, "/"), Bytes: e.bytes}) {
				return
			}
			index++
		}
	}
}

func (t *Torrent) entries() iter.Seq[entry] {
	if t.V2 != nil {
		return entriesV2(t.info)
	}
	return entriesV1(t.info)
}

func countV1(info benc.Value) (content, error) {
	var c content
	for e := range entriesV1(info) {
		if err := c.add(e, 0); err != nil {
			return c, err
		}
	}
	if c.entries == 0 {
		return c, lacks(info, "files", "a length, or a list of files")
	}
	return c, nil
}

func countV2(info benc.Value, pieceBytes int64) (content, error) {
	var c content
	for e := range entriesV2(info) {
		if err := c.add(e, pieceBytes); err != nil {
			return c, err
		}
	}
	if c.entries == 0 {
		return c, lacks(info, "file tree", "a dictionary of files")
	}
	return c, nil
}

// entriesV1 walks "files", or the one file of "length" (BEP 3).
func entriesV1(info benc.Value) iter.Seq[entry] {
	return func(yield func(entry) bool) {
		if info.Get("length").Kind() != benc.Absent {
			yield(newEntry(info, []string{text(info, "name")}))
			return
		}
		for file := range info.Get("files").List() {
			if !yield(newEntry(file, pathOf(file))) {
				return
			}
		}
	}
}

func pathOf(file benc.Value) []string {
	list := file.Get("path.utf-8")
	if list.Kind() != benc.List {
		list = file.Get("path")
	}
	var path []string
	for part := range list.List() {
		path = append(path, part.Text())
	}
	return path
}

// entriesV2 walks "file tree" (BEP 52): a dictionary by name, where a file is
// a dictionary with the empty key.
func entriesV2(info benc.Value) iter.Seq[entry] {
	return func(yield func(entry) bool) {
		walkTree(info.Get("file tree"), nil, yield)
	}
}

// walkTree calls itself as deep as the checked dictionary is.
func walkTree(folder benc.Value, path []string, yield func(entry) bool) bool {
	for name, node := range folder.Dict() {
		here := append(path[:len(path):len(path)], string(name))
		if file := node.Get(""); file.Kind() != benc.Absent {
			if !yield(newEntry(file, here)) {
				return false
			}
		} else if !walkTree(node, here, yield) {
			return false
		}
	}
	return true
}

// newEntry has length -1 when the dictionary gives none.
func newEntry(file benc.Value, path []string) entry {
	bytes, ok := file.Get("length").Int()
	if !ok {
		bytes = -1
	}
	padding := strings.Contains(file.Get("attr").Text(), "p")
	return entry{path: path, bytes: bytes, padding: padding, from: file}
}
