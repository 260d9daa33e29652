package dht

import (
	"context"
	"slices"
	"time"
)

// readNodes reads the node cache, if there is one.
func (c *Client) readNodes() ([]savedNode, error) {
	if c.config.NodesFile == "" {
		return nil, nil
	}
	return readNodeFile(c.config.NodesFile)
}

// saveNodes writes the nodes that answered last. Without any, the file stays
// as it is: old nodes are better than none. So do nodes of a family that is
// not asked: another process may be asking it with the same file.
func (c *Client) saveNodes() error {
	if c.config.NodesFile == "" {
		return nil
	}
	var nodes []savedNode
	for _, n := range c.nets {
		nodes = append(nodes, freshest(n.known.all(), maxNodesSaved)...)
	}
	if len(nodes) == 0 {
		return nil
	}
	others, err := c.readNodes()
	if err != nil {
		return err
	}
	others = slices.DeleteFunc(others, func(s savedNode) bool { return c.network(familyOf(s.Addr.Addr())) != nil })
	return writeNodeFile(c.config.NodesFile, append(nodes, freshest(others, maxNodesSaved)...))
}

// saveRegularly writes the cache every now and then, so that a process that
// is killed leaves one too.
func (c *Client) saveRegularly(ctx context.Context) {
	defer c.saving.Done()
	tick := time.NewTicker(saveEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			if err := c.saveNodes(); err != nil {
				c.config.Warn(err)
			}
		}
	}
}
