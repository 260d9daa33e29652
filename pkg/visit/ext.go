package visit

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"net/netip"
	"time"

	"btkit/pkg/client"
	"btkit/pkg/outcome"
	"btkit/pkg/peerwire"
)

// Ids of the extension messages that peers use towards us: what our extension
// handshake offers (BEP 10).
const (
	ExtPex        = 1
	ExtMetadata   = 2
	ExtUploadOnly = 3
	ExtHolepunch  = 4 // "ut_holepunch" (BEP 55)
	ExtTex        = 5 // "lt_tex" (BEP 28)
	ExtDontHave   = 7
)

// maxExtHandshakes bounds how many extension handshakes of a peer are read.
const maxExtHandshakes = 4

// Ext is what is kept of the extension handshakes of a peer (BEP 10).
type Ext struct {
	ListenPort   uint16     // "p"
	MetadataSize int64      // bytes of the info dictionary that it can give
	MetadataID   uint8      // id for ut_metadata messages to it, 0 for none
	PexID        uint8      // id for ut_pex messages to it, 0 for none
	HolepunchID  uint8      // id for ut_holepunch messages to it, 0 for none
	TexID        uint8      // id for lt_tex messages to it, 0 for none
	Encrypt      *bool      // whether it prefers encryption ("e"), nil if it did not say
	ShareMode    bool       // it downloads only to pass on (libtorrent's share mode)
	ExternalIP   netip.Addr // our address as it sees us
}

// Ext is what the peer's extension handshakes said so far.
func (c *Conversation) Ext() Ext { return c.ext }

func (c *Conversation) extended(at time.Time, m peerwire.Message) error {
	switch m.Ext {
	case 0:
		c.extHandshake(at, m.Payload)
	case ExtUploadOnly:
		if len(m.Payload) > 0 {
			c.wantsNothing(at, m.Payload[0] != 0)
		}
	case ExtDontHave:
		return c.dontHave(at, m.Payload)
	}
	return nil
}

// dontHave takes a piece back (BEP 54).
func (c *Conversation) dontHave(at time.Time, payload []byte) error {
	if len(payload) != 4 {
		return outcome.Fail(outcome.Malformed, fmt.Errorf("lt_donthave of %d bytes", len(payload)))
	}
	if _, err := c.bits.Clear(binary.BigEndian.Uint32(payload)); err != nil {
		return err
	}
	c.pace.restart()
	c.announced(at, c.how)
	return nil
}

func (c *Conversation) extHandshake(at time.Time, payload []byte) {
	c.extSeen++
	if c.extSeen > maxExtHandshakes {
		return
	}
	var ext peerwire.ExtHandshake
	if err := ext.Parse(payload); err != nil {
		c.Odd("bad-extension-handshake")
		return
	}
	c.matter(at)
	if ext.V != "" {
		c.client, c.clientRaw = ext.V, hex.EncodeToString(ext.VRaw)
		c.habits = client.Of(c.handshake.PeerID, ext.V)
	}
	if ext.UploadOnly != nil {
		c.wantsNothing(at, *ext.UploadOnly)
	}
	c.ext.merge(&ext)
}

// merge keeps what an earlier handshake said where the later one is silent.
func (e *Ext) merge(later *peerwire.ExtHandshake) {
	if later.P != 0 {
		e.ListenPort = later.P
	}
	if later.MetadataSize != 0 {
		e.MetadataSize = later.MetadataSize
	}
	for name, id := range map[string]*uint8{
		peerwire.NameMetadata: &e.MetadataID, peerwire.NamePex: &e.PexID,
		peerwire.NameHolepunch: &e.HolepunchID, peerwire.NameTex: &e.TexID,
	} {
		if n, ok := later.M[name]; ok {
			*id = n
		}
	}
	if later.Encrypt != nil {
		e.Encrypt = later.Encrypt
	}
	if later.ShareMode != nil {
		e.ShareMode = *later.ShareMode
	}
	if later.YourIP.IsValid() {
		e.ExternalIP = later.YourIP
	}
}
