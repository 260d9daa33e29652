package peerwire

import (
	"fmt"
	"net/netip"

	"btkit/pkg/benc"
	"btkit/pkg/outcome"
)

// Bounds on extension handshakes.
const (
	extBody  = 64 << 10 // bytes of the dictionary
	extDepth = 8
	extNames = 256 // names in m
	extName  = 64  // bytes of one name
	extV     = 128 // bytes of v

	// MaxMetadata is the largest metadata_size in bytes that is believed
	// (BEP 9); honest torrents of 15 MB exist.
	MaxMetadata = 16 << 20
)

// Names of extensions in M.
const (
	NameMetadata   = "ut_metadata"
	NamePex        = "ut_pex"
	NameHolepunch  = "ut_holepunch"
	NameDontHave   = "lt_donthave"
	NameUploadOnly = "upload_only"
	NameTex        = "lt_tex"
)

// ExtHandshake is the extension handshake (BEP 10), message 20 with extension
// id 0. What was absent or of a wrong type has its zero value.
type ExtHandshake struct {
	// M gives for each name the id to be used towards the sender; 0 switches
	// the extension off.
	M            map[string]uint8
	V            string     // client and version, at most 128 bytes, clean to print
	VRaw         []byte     // V as it came, when cleaning changed it
	P            uint16     // TCP port the sender listens on
	Reqq         int        // requests it queues
	YourIP       netip.Addr // our address as it sees us; one peer is no proof
	IPv4, IPv6   netip.Addr // other addresses of its own; not to be trusted
	MetadataSize int64      // bytes of the info dictionary, 0 has none
	UploadOnly   *bool      // wants nothing more (BEP 21)
	CompleteAgo  *int64     // seconds since it last saw a complete copy
	Encrypt      *bool      // prefers encryption, key "e"
	ShareMode    *bool      // libtorrent's share mode
	TrackerHash  []byte     // 20 bytes, key "tr" (BEP 28)
	Oddities     []string   // breaches that did not spoil it
}

// ParseExtHandshake reads the payload of an extended message with id 0. A wrong
// type means absent. The error is outcome.TooLarge for more than 64 KiB and
// outcome.Malformed for anything that is no dictionary; the message is then to
// be ignored.
func ParseExtHandshake(payload []byte) (e ExtHandshake, err error) {
	err = e.Parse(payload)
	return e, err
}

// Parse is ParseExtHandshake into an empty e, for those with a small stack.
func (e *ExtHandshake) Parse(payload []byte) error {
	if len(payload) > extBody {
		return outcome.Fail(outcome.TooLarge, fmt.Errorf("extension handshake of %d bytes", len(payload)))
	}
	v, rest, odd, err := parseDict(payload)
	if err != nil {
		return fmt.Errorf("extension handshake: %w", err)
	}
	e.Oddities = odd.Strings()
	if len(rest) > 0 {
		e.odd("trailing-bytes")
	}
	e.readM(v.Get("m"))
	e.readNumbers(v)
	e.readText(v.Get("v"))
	e.YourIP = address(v.Get("yourip"))
	if a := address(v.Get("ipv4")); a.Is4() {
		e.IPv4 = a
	}
	if a := address(v.Get("ipv6")); a.Is6() {
		e.IPv6 = a
	}
	if tr, _ := v.Get("tr").Bytes(); len(tr) == 20 {
		e.TrackerHash = append([]byte(nil), tr...)
	}
	return nil
}

// parseDict reads a dictionary of an extension message.
func parseDict(b []byte) (benc.Value, []byte, benc.Oddities, error) {
	v, rest, odd, err := benc.Parse(b, benc.Limits{Depth: extDepth})
	if err != nil {
		return v, nil, 0, outcome.Fail(outcome.Malformed, err)
	}
	if v.Kind() != benc.Dict {
		return v, nil, 0, outcome.Fail(outcome.Malformed, fmt.Errorf("no dictionary"))
	}
	return v, rest, odd, nil
}

func (e *ExtHandshake) odd(what string) { e.Oddities = append(e.Oddities, what) }

func (e *ExtHandshake) readM(m benc.Value) {
	if m.Kind() != benc.Dict {
		if m.Kind() != benc.Absent {
			e.odd("bad-m")
		}
		return
	}
	e.M = map[string]uint8{}
	for name, v := range m.Dict() {
		id, ok := number(v, 0, 255)
		switch {
		case !ok || len(name) > extName:
			e.odd("bad-extension-id")
		case len(e.M) >= extNames:
			e.odd("many-extensions")
			return
		default:
			e.M[string(name)] = uint8(id)
		}
	}
}

func (e *ExtHandshake) readNumbers(v benc.Value) {
	if n, ok := number(v.Get("p"), 1, 65535); ok {
		e.P = uint16(n)
	}
	if n, ok := number(v.Get("reqq"), 0, 1<<31-1); ok {
		e.Reqq = int(n)
	}
	if n, ok := number(v.Get("metadata_size"), 1, MaxMetadata); ok {
		e.MetadataSize = n
	} else if n, ok := v.Get("metadata_size").Int(); ok && n != 0 {
		e.odd("metadata-size")
	}
	if n, ok := number(v.Get("complete_ago"), 0, 1<<62); ok {
		e.CompleteAgo = &n
	}
	e.UploadOnly = truth(v.Get("upload_only"))
	e.Encrypt = truth(v.Get("e"))
	e.ShareMode = truth(v.Get("share_mode"))
}

func (e *ExtHandshake) readText(v benc.Value) {
	raw, ok := v.Bytes()
	if !ok {
		return
	}
	e.V = CleanText(raw, extV)
	if e.V != string(raw) {
		e.VRaw = append([]byte(nil), raw[:min(len(raw), extV)]...)
	}
}

// ID is the number to send a message of an extension under, 0 when the peer
// does not take it.
func (e *ExtHandshake) ID(name string) uint8 { return e.M[name] }

// Merge adds a later handshake of the same peer: what it says replaces what
// was said before, ids one by one (BEP 10).
func (e *ExtHandshake) Merge(later ExtHandshake) {
	m := e.M
	if m == nil {
		m = map[string]uint8{}
	}
	for name, id := range later.M {
		if _, there := m[name]; there || len(m) < extNames {
			m[name] = id
		}
	}
	first := *e
	*e = later
	e.M = m
	e.keep(first)
}

// keep takes from an earlier handshake what the present one leaves out.
func (e *ExtHandshake) keep(first ExtHandshake) {
	if e.V == "" {
		e.V, e.VRaw = first.V, first.VRaw
	}
	e.P = either(e.P, first.P)
	e.Reqq = either(e.Reqq, first.Reqq)
	e.MetadataSize = either(e.MetadataSize, first.MetadataSize)
	e.YourIP = either(e.YourIP, first.YourIP)
	e.IPv4 = either(e.IPv4, first.IPv4)
	e.IPv6 = either(e.IPv6, first.IPv6)
	e.UploadOnly = either(e.UploadOnly, first.UploadOnly)
	e.CompleteAgo = either(e.CompleteAgo, first.CompleteAgo)
	e.Encrypt = either(e.Encrypt, first.Encrypt)
	e.ShareMode = either(e.ShareMode, first.ShareMode)
	if e.TrackerHash == nil {
		e.TrackerHash = first.TrackerHash
	}
}

// either is a unless it is the zero value.
func either[T comparable](a, b T) T {
	var zero T
	if a == zero {
		return b
	}
	return a
}
