package talk

import (
	"btkit/pkg/client"
	"btkit/pkg/peerwire"
	"btkit/pkg/visit"
)

// Client is the name that we give ourselves in the extension handshake.
const Client = "btkit/0.1 (measurement, no transfer)"

// ClientOf is that name with a contact, such as a web page that explains the
// measurement; empty for none.
func ClientOf(contact string) string {
	if contact == "" {
		return Client
	}
	return Client + " " + contact
}

// requestQueue is the number of requests that we claim to queue (BEP 10
// "reqq"); it is the usual one.
const requestQueue = 250

// Self is how we present ourselves.
type Self struct {
	PeerID [20]byte
	// Port where we take connections, 0 for none. Peers that know it come back
	// by themselves.
	Port uint16
	// Client is the name in the extension handshake; empty means the constant
	// Client.
	Client string

	ready string // the extension handshake, empty until it is made
}

func (s Self) handshake(infohash [20]byte) []byte {
	h := peerwire.Handshake{Reserved: peerwire.Reserved(peerwire.BitExt | peerwire.BitFast), InfoHash: infohash, PeerID: s.PeerID}
	return h.Append(make([]byte, 0, peerwire.HandshakeLen))
}

// Prepared is s with its extension handshake made once for all conversations,
// rather than in each.
func (s Self) Prepared() Self {
	s.ready = string(s.extHandshake())
	return s
}

// greeting is what follows the handshakes. Anything optional is said only to
// peers that offer it: a HAVE_NONE without the fast extension ends the
// conversation at once. Other peers get a keep-alive, which completes the
// handshake of rTorrent.
func (s *Self) greeting(peer peerwire.Handshake) []byte {
	b := make([]byte, 0, len(s.ready)+room)
	if peer.Ext() {
		b = append(b, s.ready...)
		if s.ready == "" {
			b = s.extHandshake()
		}
	}
	if peer.Fast() {
		b = peerwire.AppendHaveNone(b)
	} else {
		b = peerwire.AppendKeepAlive(b)
	}
	if client.Of(peer.PeerID, "").Interested {
		b = peerwire.AppendInterested(b)
	}
	return b
}

// room is for two messages without payload.
const room = 10

// extHandshake is what we offer (BEP 10).
func (s *Self) extHandshake() []byte {
	client := s.Client
	if client == "" {
		client = Client
	}
	return peerwire.AppendExtHandshake(nil, peerwire.ExtHandshake{
		M: map[string]uint8{"ut_pex": visit.ExtPex, "ut_metadata": visit.ExtMetadata,
			"upload_only": visit.ExtUploadOnly, "lt_donthave": visit.ExtDontHave,
			"ut_holepunch": visit.ExtHolepunch, "lt_tex": visit.ExtTex},
		P: s.Port, V: client, Reqq: requestQueue,
	})
}
