package listen

import (
	"errors"
	"fmt"
	"net"

	"btkit/pkg/outcome"
	"btkit/pkg/peerwire"
	"btkit/pkg/talk"
)

// greeting is what a peer that dialled us said first.
type greeting struct {
	stream net.Conn // to go on with
	crypto string   // as visit records name it
	theirs peerwire.Handshake
	rest   []byte // behind the handshake
	rx, tx int    // bytes of an encrypted handshake
}

// greet reads the handshake of a peer, in the clear or encrypted; the end of
// the work ends that, too.
func (l *Listener) greet(conn net.Conn) (g greeting, err error) {
	l.mu.Lock()
	l.greeting[conn] = struct{}{}
	if l.stopping {
		conn.Close()
	}
	l.mu.Unlock()
	defer func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		delete(l.greeting, conn)
	}()
	g.stream, g.crypto = conn, "plain"
	g.theirs, g.rest, err = talk.ReadHandshake(conn, l.options.Manner.Handshake)
	if errors.Is(err, peerwire.ErrNotPlain) && !l.options.Plain {
		return l.decrypt(conn, g.rest)
	}
	return g, err
}

// decrypt goes on with a peer whose first bytes were no handshake in the
// clear.
func (l *Listener) decrypt(conn net.Conn, already []byte) (g greeting, err error) {
	stream, agreed, err := l.mse.Accept(conn, already)
	if err != nil {
		return g, err
	}
	g.stream, g.crypto = stream, agreed.Crypto()
	g.theirs, g.rest, err = talk.ReadHandshake(stream, l.options.Manner.Handshake)
	if err == nil && g.theirs.InfoHash != agreed.SKEY {
		err = outcome.Fail(outcome.WrongInfoHash, fmt.Errorf("encrypted for %x, handshake for %x", agreed.SKEY, g.theirs.InfoHash))
	}
	return g, err
}
