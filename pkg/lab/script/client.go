package script

import "time"

// Client is how one family of programs treats a visitor, as data. Spans are
// those of the real programs; a short run scales all but Silence (see Options).
type Client struct {
	// Name and version as the extension handshake tells it (BEP 10 "v").
	Version string
	// First bytes of its peer ids (BEP 20).
	IDPrefix string
	// Share of the swarm, in parts of the sum over all clients.
	Weight int
	// Whether it speaks the fast extension (BEP 6).
	Fast bool
	// How long it keeps a connection without payload; 0 means for ever.
	Idle time.Duration
	// The same for a visitor that said "interested"; 0 means as Idle.
	IdleInterested time.Duration
	// How long it waits for any message of ours before it closes.
	Silence time.Duration
	// How long after the last contact it dials a peer again; 0 means never.
	Redial time.Duration
	// Whether it refuses a second connection from one address.
	OneByIP bool
	// Whether it refuses a peer id that it is connected to already.
	OneByID bool
	// Whether it keeps its HAVEs back until our first message.
	AwaitsMessage bool
	// Whether it closes when a peer says upload_only (BEP 21).
	DropsUploadOnly bool
	// Whether it says so when it finished: not interested and upload_only.
	TellsFinish bool
	// Whether a finished download is told by HAVE_ALL or a second bitfield.
	SecondState bool
	// Number of the upload_only, ut_pex and lt_donthave messages it expects; 0
	// means that it does not know them.
	UploadOnlyID, PexID, DontHaveID int
	// Number of the ut_metadata message it expects (BEP 9).
	MetadataID int
	// Requests it queues (BEP 10 "reqq").
	Queue int
	// Whether it unchokes a visitor unasked.
	Unchokes bool
	// Number of allowed-fast messages it sends.
	AllowedFast int
	// Number of the ut_holepunch message that it expects (BEP 55), 0 if it does
	// not know it.
	HolepunchID int
	// Whether it speaks uTP, and then dials by it first.
	UTP bool
	// Whether it begins encrypted when it dials, rather than plain.
	DialsEncrypted bool
	// One of so many encrypted handshakes that it takes fails; 0 means none.
	Bungles int
	// How long at most it takes to answer a handshake.
	Slow time.Duration
	// How it treats a newcomer when it is full.
	Refusal Refusal
	// Whether a newcomer of higher rank (BEP 40) takes the slot of a lower one
	// when it is full.
	Ranks bool
	// How long it keeps a connection without payload when it is full; 0 means no
	// less than otherwise.
	IdleFull time.Duration
	// Whether it is of those that hold back pieces from their bitfield, and how
	// far apart at most the HAVEs are that make up for it; 0 means at once.
	Lazy    bool
	LazyGap time.Duration
}

// Refusal is how a client treats a newcomer for whom it has no slot.
type Refusal int

// The ways.
const (
	Closes        Refusal = iota // closes before its first byte
	ClosesLater                  // closes after the handshakes
	DoesNotAnswer                // takes the connection and says nothing
)

// shortSecret is how often the shared secret begins with a zero byte, which some
// get wrong.
const shortSecret = 256

// Clients is the mix of a lab swarm.
var Clients = []Client{
	{Version: "libtorrent/2.0.11", IDPrefix: "-LT20B0-", Weight: 20, Fast: true, Silence: 120 * time.Second,
		Redial: time.Minute, OneByIP: true, OneByID: true, DropsUploadOnly: true, TellsFinish: true,
		UploadOnlyID: 3, PexID: 1, DontHaveID: 7, MetadataID: 2, Queue: 2000, Unchokes: true,
		HolepunchID: 4, Bungles: shortSecret, UTP: true, DialsEncrypted: true, Ranks: true},
	{Version: "qBittorrent/4.6.5", IDPrefix: "-qB4650-", Weight: 35, Fast: true, Silence: 120 * time.Second,
		Redial: time.Minute, OneByIP: true, OneByID: true, DropsUploadOnly: true, TellsFinish: true,
		UploadOnlyID: 3, PexID: 1, DontHaveID: 7, MetadataID: 2, Queue: 500, Unchokes: true,
		HolepunchID: 4, Bungles: shortSecret, UTP: true, DialsEncrypted: true, Ranks: true},
	{Version: "Transmission 3.00", IDPrefix: "-TR3000-", Weight: 15, Fast: true, Silence: 300 * time.Second,
		Idle: 270 * time.Second, Redial: time.Minute, OneByIP: true,
		UploadOnlyID: 0, PexID: 1, MetadataID: 3, Queue: 512,
		Slow: time.Second, UTP: true, DialsEncrypted: true, IdleFull: time.Minute},
	{Version: "\xc2\xb5Torrent 3.5.5", IDPrefix: "-UT355W-", Weight: 10, Silence: 120 * time.Second,
		Redial: 2 * time.Minute, OneByIP: true, UploadOnlyID: 3, PexID: 1, MetadataID: 2, Queue: 255, Lazy: true,
		HolepunchID: 4, UTP: true},
	{Version: "aria2/1.36.0", IDPrefix: "A2-1-36-0-", Weight: 8, Fast: true, Silence: 120 * time.Second,
		Idle: 30 * time.Second, IdleInterested: time.Minute, Redial: time.Minute, OneByID: true,
		SecondState: true, PexID: 8, MetadataID: 9, Queue: 500, AllowedFast: 10,
		Slow: 2500 * time.Millisecond, DialsEncrypted: true, Refusal: DoesNotAnswer},
	{Version: "libTorrent 0.13.6", IDPrefix: "-lt0D60-", Weight: 7, Silence: 120 * time.Second,
		Redial: 10 * time.Minute, OneByIP: true, AwaitsMessage: true, PexID: 1, MetadataID: 2, Queue: 2048, Bungles: shortSecret, Refusal: ClosesLater},
	{Version: "BiglyBT 3.5.0.0", IDPrefix: "-BI3500-", Weight: 5, Fast: true, Silence: 300 * time.Second,
		Redial: time.Minute, OneByIP: true, OneByID: true, UploadOnlyID: 4, PexID: 2, DontHaveID: 5, MetadataID: 3, Queue: 256,
		Lazy: true, LazyGap: 1600 * time.Millisecond, UTP: true},
}

// Scaled is the client in a run that is shorter by the given factor. What hangs
// on our own keep-alives stays as it is, since we do not hurry.
func (c Client) Scaled(pace float64) Client {
	for _, d := range []*time.Duration{&c.Idle, &c.IdleInterested, &c.IdleFull, &c.Redial} {
		*d = time.Duration(float64(*d) * pace)
	}
	return c
}
