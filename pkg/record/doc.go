// Package record holds the shape of every line that the commands exchange:
// one JSON object per line (NDJSON), its kinds, its limits, and how a line is
// read, passed on, extended and written.
//
// The comments of the kinds in this package are the documentation of the
// format: the man page bt-record(5) and the JSON Schemas are made from them.
//
// What a member means to a measurement is left to the rooms that use it.
package record
