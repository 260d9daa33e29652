package client

import "time"

// unknown assumes the least of a program that is not in the table.
var unknown = Habits{
	Name:        "unknown",
	ReadTimeout: 2 * time.Minute, // BEP 3
	Hold:        30 * time.Second,
	IdleRule:    "taken to be left after 30 s, the shortest that is known",
	Pause:       20 * time.Second,
	Hides:       HidesUnknown,
	KeepAlives:  1,
	Reconnects:  2,
	UTP:         true, MSE: true,
	Source: "assumed: the strictest of the others, and as much hidden as any is known to hide",
}

// transmissionClock is how long Transmission waits as attempts stay fruitless.
var transmissionClock = []time.Duration{0, 10 * time.Second, 2 * time.Minute, 15 * time.Minute,
	30 * time.Minute, time.Hour, 2 * time.Hour}

// table has what is special about each family of programs. What was measured
// beats what its source code says; what neither says is left out.
var table = []Habits{
	{
		Name:     "libtorrent",
		Prefixes: []string{"-LT"}, Versions: []string{"libtorrent/", "libtorrent "},
		ReadTimeout: 2 * time.Minute, HoldFull: 10 * time.Minute, IdleRule: libtorrentIdle,
		Pause: 5 * time.Second, Refusal: RefusesEarly, Second: SecondRefused, DialBack: everyMinute,
		UTP: true, MSE: true,
		Source: "measured (2.0.8); idle rule from the source of 2.1.0",
	},
	{
		Name:     "qBittorrent",
		Prefixes: []string{"-qB"}, Versions: []string{"qBittorrent"},
		ReadTimeout: 2 * time.Minute, HoldFull: 10 * time.Minute, IdleRule: libtorrentIdle,
		Pause: 5 * time.Second, Refusal: RefusesEarly, Second: SecondRefused, DialBack: everyMinute,
		Slots: 100, UTP: true, MSE: true,
		Source: "measured (4.5.2 with libtorrent 2.0.8); idle rule from the source of libtorrent 2.1.0",
	},
	{
		Name:     "Deluge",
		Prefixes: []string{"-DE"}, Versions: []string{"Deluge"},
		ReadTimeout: 2 * time.Minute, HoldFull: 10 * time.Minute, IdleRule: libtorrentIdle,
		Pause: 5 * time.Second, Refusal: RefusesEarly, Second: SecondRefused, DialBack: everyMinute,
		UTP: true, MSE: true,
		Source: "measured (libtorrent 2.0.8); idle rule from the source of libtorrent 2.1.0",
	},
	{
		Name:     "Transmission 3",
		Prefixes: []string{"-TR"}, Versions: []string{"Transmission "},
		Hold: 5 * time.Minute, HoldFull: time.Minute, IdleRule: transmissionIdle,
		Pause: 5 * time.Second, Refusal: RefusesEarly, Second: SecondRefused, OneHandshake: true,
		// By uTP only: where a listener takes TCP alone, it does not come.
		DialBack:   DialBack{Gaps: transmissionClock[1:]},
		Reconnects: 12, // every second one fails within 2 s of a close
		Slots:      50, UTP: true, MSE: true,
		Source: "measured (3.00); idle rule from the source",
	},
	{
		Name:     "Transmission 4",
		Prefixes: []string{"-TR4"}, Versions: []string{"Transmission 4"},
		Hold: 5 * time.Minute, HoldFull: time.Minute, IdleRule: transmissionIdle,
		Pause: 5 * time.Second, Refusal: RefusesEarly, Second: SecondByPort, OneHandshake: true,
		DialBack:   DialBack{Gaps: transmissionClock},
		Reconnects: 12, Slots: 50, UTP: true, MSE: true,
		Source: "source (4.2-dev); pauses and slots as measured with 3.00",
	},
	{
		Name:     "rTorrent",
		Prefixes: []string{"-lt"}, Versions: []string{"libTorrent ", "rTorrent"},
		ReadTimeout: 2 * time.Minute, IdleRule: "one that sends keep-alives is kept",
		Pause: 5 * time.Second, Refusal: RefusesEarly, Second: SecondRefused,
		DialBack: DialBack{Gaps: []time.Duration{10 * time.Minute}, Tries: 3},
		// Its announcements leave with what it writes otherwise, at the latest with
		// the keep-alive that it may send every two minutes.
		HaveDelay: 2 * time.Minute, SilentIsEmpty: true,
		MSE:    true,
		Source: "measured (0.9.8); dial-back and delay of announcements from the source of libtorrent 0.16.20",
	},
	{
		Name:     "aria2",
		Prefixes: []string{"A2-", "-aria2-", "-A2"}, Versions: []string{"aria2"},
		Hold: 30 * time.Second, HoldInterested: time.Minute, Interested: true,
		IdleRule: "left after 30 s if neither side is interested, else after 60 s, whatever it sends",
		Pause:    5 * time.Second, Refusal: RefusesSilent, Second: SecondByID,
		KeepAlives: 12, // two within 5 s are flooding
		MSE:        true,
		Source:     "measured (1.36); limit of keep-alives from the source",
	},
	{
		Name:     "BiglyBT / Azureus",
		Prefixes: []string{"-BI", "-AZ"}, Versions: []string{"BiglyBT", "Azureus", "Vuze"},
		ReadTimeout: 5 * time.Minute, Hold: 30 * time.Minute, IdleRule: "left after 30 min without content; the slowest first when it is full",
		Pause: 20 * time.Second, Second: SecondRefused,
		DialBack: DialBack{Gaps: []time.Duration{time.Minute}}, // three minutes when it seeds
		Hides:    21, HaveDelay: 2 * time.Second,
		KeepAlives: 6, UTP: true, MSE: true,
		Source: "source (BiglyBT)",
	},
	{
		Name:     "anacrolix",
		Prefixes: []string{"-GT"}, Versions: []string{"github.com/anacrolix/torrent", "anacrolix/torrent"},
		ReadTimeout: 2 * time.Minute, // as an unknown one
		HoldFull:    time.Minute, IdleRule: "when it is full, the worst half is left after 1 min",
		Pause: 20 * time.Second, Second: SecondAllowed,
		UTP: true, MSE: true,
		Source: "source",
	},
	{
		Name:     "µTorrent / BitTorrent",
		Prefixes: []string{"-UT", "-UM", "-UE", "-BT"}, Versions: []string{"µTorrent", "μTorrent", "uTorrent", "BitTorrent "},
		ReadTimeout: 2 * time.Minute, // as an unknown one
		Hold:        30 * time.Second, IdleRule: "not known; taken to be left after 30 s, the shortest that is known",
		Pause: 20 * time.Second, Refusal: RefusesEarly,
		DialBack: DialBack{Gaps: []time.Duration{122 * time.Second}, Tries: 8},
		Hides:    26, KeepAlives: 1, Reconnects: 2, UTP: true, MSE: true,
		Source: "paper: computed from the database of a study of 2015, where 73 % of second visits were refused",
	},
}

// What libtorrent's children share.
const libtorrentIdle = "one that sends keep-alives is kept; when it is short of slots, for 10 min in which neither side is interested"

var everyMinute = DialBack{Gaps: []time.Duration{time.Minute}, Step: time.Minute}

const transmissionIdle = "left after 5 min, falling to 1 min as the torrent fills up to 90 % of its slots, whatever it sends"
