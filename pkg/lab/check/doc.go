// Package check compares the downloads that the toolkit confirmed with what the
// lab knows to be true: which are right, which are false, which are missing and
// why, and whether they were counted in the right minute.
//
// The comparison is a pure function of two lists of records. Reading them from a
// database or from files of records is beside it; the database is asked by SQL
// alone, so that package store and this one cannot share a mistake.
package check
