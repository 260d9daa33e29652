package ways

// Way is how a conversation is opened. The zero value is none of them.
type Way uint8

// The ways.
const (
	None Way = iota
	TCP
	TCPEncrypted
	UTP
	UTPEncrypted
)

// All lists the ways that lead to a peer.
var All = []Way{TCP, TCPEncrypted, UTP, UTPEncrypted}

// Over is the way over a transport, "tcp" or "utp" as in visit records, in the
// clear or encrypted; None for another transport.
func Over(transport string, encrypted bool) Way {
	w := None
	switch transport {
	case "tcp":
		w = TCP
	case "utp":
		w = UTP
	}
	if w != None && encrypted {
		w++
	}
	return w
}

// Transport is "tcp" or "utp", as in visit records.
func (w Way) Transport() string {
	switch w {
	case TCP, TCPEncrypted:
		return "tcp"
	case UTP, UTPEncrypted:
		return "utp"
	}
	return ""
}

// Encrypted says whether the conversation begins with an encrypted handshake
// (MSE).
func (w Way) Encrypted() bool { return w == TCPEncrypted || w == UTPEncrypted }

// String names the way: "tcp", "tcp+mse", "utp" or "utp+mse".
func (w Way) String() string {
	switch {
	case w.Transport() == "":
		return "none"
	case w.Encrypted():
		return w.Transport() + "+mse"
	}
	return w.Transport()
}

// on is the same encryption over another transport.
func (w Way) on(transport string) Way { return Over(transport, w.Encrypted()) }

// flipped is the same transport with the other encryption.
func (w Way) flipped() Way { return Over(w.Transport(), !w.Encrypted()) }
