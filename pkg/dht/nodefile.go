package dht

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// The node cache is text: this line, then one node per line, "id address:port
// seconds", the seconds being the Unix time of its last answer.
const nodeFileHead = "btkit-dht-nodes 1"

const (
	maxNodeFile   = 4 << 20 // bytes read; more than two families of maxKnown need
	maxNodesSaved = 2000    // per family
)

// ErrNotNodeFile says that a file is there and is no node cache, so it is
// neither used nor overwritten.
var ErrNotNodeFile = errors.New("not a node cache")

// savedNode is a line of the cache.
type savedNode struct {
	Node
	seen time.Time
	old  bool // not heard of in this run: it may have got another id since
}

// readNodeFile reads a cache. A file that does not exist is an empty cache;
// lines that make no sense are left out, whoever wrote them.
func readNodeFile(path string) ([]savedNode, error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("open node cache: %w", err)
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxNodeFile))
	if err != nil {
		return nil, fmt.Errorf("read node cache %s: %w", path, err)
	}
	nodes, err := parseNodes(b)
	if err != nil {
		return nil, fmt.Errorf("read node cache %s: %w", path, err)
	}
	return nodes, nil
}

// parseNodes reads the text of a cache; an empty text is an empty cache.
func parseNodes(b []byte) (nodes []savedNode, err error) {
	if len(bytes.TrimSpace(b)) == 0 {
		return nil, nil
	}
	head, rest, _ := bytes.Cut(b, []byte("\n"))
	if strings.TrimSpace(string(head)) != nodeFileHead {
		return nil, ErrNotNodeFile
	}
	for line := range bytes.Lines(rest) {
		if s, ok := parseNode(string(line)); ok && len(nodes) < 2*maxKnown {
			nodes = append(nodes, s)
		}
	}
	return nodes, nil
}

func parseNode(line string) (s savedNode, ok bool) {
	fields := strings.Fields(line)
	if len(fields) != 3 {
		return s, false
	}
	id, ok := ParseID(fields[0])
	addr, err := netip.ParseAddrPort(fields[1])
	seconds, errTime := strconv.ParseInt(fields[2], 10, 64)
	if !ok || err != nil || errTime != nil || addr.Port() == 0 || addr.Addr().Zone() != "" || addr.Addr().Is4In6() {
		return s, false
	}
	return savedNode{Node: Node{ID: id, Addr: addr}, seen: time.Unix(seconds, 0)}, true
}

// writeNodeFile replaces a cache at one stroke: whoever reads it finds the old
// one or the new one.
func writeNodeFile(path string, nodes []savedNode) (err error) {
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*.tmp")
	if err != nil {
		return fmt.Errorf("write node cache: %w", err)
	}
	defer func() {
		if err != nil {
			err = fmt.Errorf("write node cache: %w", errors.Join(err, os.Remove(f.Name())))
		}
	}()
	out := bufio.NewWriter(f)
	fmt.Fprintln(out, nodeFileHead)
	for _, s := range nodes {
		fmt.Fprintln(out, s.ID, s.Addr, s.seen.Unix())
	}
	if err := errors.Join(out.Flush(), f.Sync(), f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}

// freshest keeps the nodes that answered last, up to n.
func freshest(nodes []savedNode, n int) []savedNode {
	slices.SortFunc(nodes, func(a, b savedNode) int { return b.seen.Compare(a.seen) })
	return nodes[:min(n, len(nodes))]
}
