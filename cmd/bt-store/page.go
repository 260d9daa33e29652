package main

import (
	"btkit/pkg/cmdline"
	"btkit/pkg/store"
)

const description = `Reads records and keeps them in a SQLite database, one table for each kind. The
database is made if the file is missing or empty. Storing a record twice is harmless: by, run and seq
tell records apart, and a record that lacks one of them is stored each time. Records are committed every
second and can be queried while more come in.

Unknown kinds go as JSON into the table "record", unknown members as JSON into the column "extra".`

const addressText = `Addresses and peer ids are replaced by keyed hashes: the first 16 bytes of
HMAC-SHA256 over the address as text, or over the peer id in hex, written in hex. The key is random in every
run and kept nowhere, so addresses join across all tables of a run, and nobody can tell afterwards whose they
were. A database that is written to again gets hashes that match none of the earlier ones. With --key-file
they match; keep that file as you would keep the addresses.

Hashed are: ip and external_ip; via and the addresses of magnet links where they hold an address (the URL of a
tracker is kept); peer_id; addresses within message; and in unknown kinds, unknown members, lists and maps
every text that is an address, with or without port, and every peer_id. An address hidden inside a longer
text of an unknown member is not found. The port is kept, and so is the name of the client; an address within
it is hashed unless it may be a version: behind a word, without port, and of numbers below 100, like "Vuze 5.7.6.0".

With --keep-ip everything is kept as it came. A database holds one or the other, never both. The spill file
and the rejects file hold lines as they came, with addresses; the spill file is readable by its owner only. The
file of bt-confirm --state holds hashes only.`

const durabilityText = `A transaction holds up to 4000 records; when it is committed, it has reached the disk,
and no end of the process, however sudden, takes it back. When the disk is full, another program holds the
database for longer than --wait, or the file is not a database of bt-store, the command says so and ends with
exit status 1. With --spill it reads on and appends every line that it could not store to that file, so that
nothing is lost: bt-store DATABASE < FILE stores them later.

While it is open, two files lie beside the database, with -wal and -shm behind its name; they belong to it.
Do not put it on a network drive.`

func sections() []cmdline.Section {
	return []cmdline.Section{
		{Title: "Addresses", Text: addressText},
		{Title: "Safety of the data", Text: durabilityText},
		{Title: "Tables", Text: "There is a table for each kind of record, with a column for each member and a row for each record. " +
			"Times are text in UTC with six decimals and sort as text; booleans are 0 or 1; lists and maps are JSON; " +
			"NULL is not known. \"by\", \"index\" and \"end\" are words of SQL and need quotes.\n\n" + store.TablesText()},
		{Title: "Views", Text: store.ViewsText()},
		{Title: "Queries", Text: store.ExamplesText()},
	}
}
