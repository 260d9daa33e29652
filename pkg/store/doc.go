// Package store keeps records in a SQLite database: one table for each kind
// with one column for each member, one table for all kinds that it does not
// know, and views that answer the usual questions. The tables follow from the
// kinds of package record by reflection; nothing here repeats their members.
//
// One goroutine reads lines into rows (Hear), one writes them in transactions
// of a few thousand rows (Run). A row that is committed survives the death of
// the process and, with the disk's promise kept, of the machine. A line that
// cannot be stored goes to a spill file as it came.
//
// Addresses and peer ids are replaced by keyed hashes unless they are asked
// to be kept. What records mean, and reading lines from a pipe, is left to
// others.
package store
