package swarm

import (
	"errors"
	"net"
	"time"

	"btkit/pkg/lab/script"
	"btkit/pkg/peerwire"
	"btkit/pkg/transport/mse"
)

var (
	errOtherTorrent = errors.New("handshake: other torrent")
	errPlain        = errors.New("handshake: not encrypted")
	errBungled      = errors.New("handshake: the peer got the secret wrong")
)

// exchanges is how many key exchanges all peers together compute at once.
const exchanges = 4

// receivers answer encrypted handshakes, for all torrents: the first chooses
// plain text if it may, the second insists on RC4.
type receivers [2]*mse.Receiver

func newReceivers(s *script.Script) (r receivers) {
	var keys mse.Keys
	for i := range s.Torrents {
		keys.Add(s.Torrents[i].InfoHash)
	}
	for i, methods := range []mse.Method{mse.Plain | mse.RC4, mse.RC4} {
		r[i] = mse.NewReceiver(&keys, mse.Options{Methods: methods, Exchanges: exchanges, Timeout: handshakeTime})
	}
	return r
}

// receiver is the peer's own: half of those that want encryption want all of it.
func (p *peer) receiver() *mse.Receiver {
	if p.plan.Encrypted && p.plan.Seed%2 == 1 {
		return p.swarm.receivers[1]
	}
	return p.swarm.receivers[0]
}

// takeHandshake reads the visitor's handshake, plain or encrypted, and gives the
// bytes behind it.
func (c *conn) takeHandshake() (rest []byte, err error) {
	rest, err = c.readHandshake()
	switch {
	case err == nil && c.peer.plan.Encrypted && !c.encrypted:
		err = errPlain
	case errors.Is(err, peerwire.ErrNotPlain) && !c.dialled && !c.encrypted:
		rest, err = c.decrypt(rest)
	}
	if err == nil && c.theirs.InfoHash != c.peer.torrent.InfoHash {
		err = errOtherTorrent
	}
	return rest, err
}

// readHandshake reads one from the stream as it is; if that fails it gives what
// was read.
func (c *conn) readHandshake() (rest []byte, err error) {
	if err := c.net.SetReadDeadline(time.Now().Add(handshakeTime)); err != nil {
		return nil, err
	}
	var d peerwire.HandshakeDecoder
	buf := make([]byte, readBuffer)
	for {
		n, readErr := c.net.Read(buf)
		if rest, err = d.Feed(buf[:n]); err != nil {
			return append(d.Bytes(), rest...), err
		}
		if h, ok := d.Handshake(); ok {
			c.theirs = h
			return rest, nil
		}
		if readErr != nil {
			return nil, readErr
		}
	}
}

// decrypt goes on with a visitor who began encrypted.
func (c *conn) decrypt(already []byte) (rest []byte, err error) {
	if c.peer.bungles() {
		return nil, errBungled
	}
	on, _, err := c.peer.receiver().Accept(c.net, already)
	if err != nil {
		return nil, err
	}
	c.goOn(on)
	return c.readHandshake()
}

// bungles says whether the peer gets an encrypted handshake wrong.
func (p *peer) bungles() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	one := p.plan.Client.Bungles
	return one > 0 && p.chance.IntN(one) == 0
}

// encrypt begins encrypted with the one who was dialled; the handshake goes
// along.
func (c *conn) encrypt() error {
	methods := mse.Plain | mse.RC4
	if c.peer.plan.Encrypted {
		methods = mse.RC4
	}
	on, _, err := mse.Initiate(c.net, c.peer.torrent.InfoHash, c.handshake(), mse.Options{Methods: methods, Timeout: handshakeTime})
	if err != nil {
		return err
	}
	c.goOn(on)
	return nil
}

// goOn continues the conversation on the encrypted stream.
func (c *conn) goOn(on net.Conn) {
	c.out.mu.Lock()
	defer c.out.mu.Unlock()
	c.net, c.encrypted = on, true
}
