package dial

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"sync"
	"time"

	"btkit/pkg/outcome"
	"btkit/pkg/peerwire"
	"btkit/pkg/transport/mse"
	"btkit/pkg/transport/tcp"
	"btkit/pkg/transport/utp"
)

// Dialer opens streams. Open comes first, then it is safe for concurrent use,
// and Close comes last.
type Dialer struct {
	// Timeout bounds opening one, and the handshake of its encryption.
	Timeout time.Duration
	// Locals are the addresses to come from; empty leaves it to the system.
	Locals []netip.Addr

	sockets []*utp.Socket

	mu   sync.Mutex // guards what follows
	lent map[netip.AddrPort]*lent
}

// from is the address to come from, not valid for any.
func (d *Dialer) from(to netip.AddrPort) (netip.Addr, error) {
	if len(d.Locals) == 0 {
		return netip.Addr{}, nil
	}
	local, ok := peerwire.BestLocal(d.Locals, 0, to)
	if !ok {
		return local, outcome.Fail(outcome.Denied, fmt.Errorf("no address of ours is of the family of %s", to.Addr()))
	}
	return local, nil
}

// TCP connects over TCP. Package outcome classifies the error.
func (d *Dialer) TCP(ctx context.Context, to netip.AddrPort) (net.Conn, error) {
	from, err := d.from(to)
	if err != nil {
		return nil, err
	}
	return tcp.Dialer{Timeout: d.Timeout, Local: from}.Dial(ctx, to)
}

// Encrypt leads an encrypted handshake (MSE) for the torrent of this info-hash
// over an open stream; first goes along. It counts the bytes of the handshake and
// names what was agreed on, as visit records do.
func (d *Dialer) Encrypt(conn net.Conn, infohash [20]byte, first []byte, moved func(rx, tx int)) (net.Conn, string, error) {
	stream, agreed, err := mse.Initiate(conn, infohash, first, mse.Options{Timeout: d.Timeout, Moved: moved})
	if err != nil {
		return nil, "", err
	}
	return stream, agreed.Crypto(), nil
}
