package visit

import "net/netip"

// plain is the crypto of a conversation that nobody said to be encrypted.
const plain = "plain"

// Via notes over what the conversation runs, once that is known: the transport
// and the encryption, in the words of record.Visit. An empty word leaves what
// was known.
func (c *Conversation) Via(transport, crypto string) {
	if transport != "" {
		c.start.Transport = transport
	}
	if crypto != "" {
		c.start.Crypto = crypto
	}
}

// Local notes our own side of the connection, once that is known: its address,
// and the canonical priority of the connection (BEP 40), nil if not computed.
func (c *Conversation) Local(ip netip.Addr, rank *int64) {
	c.start.LocalIP, c.start.Rank = ip, rank
}
