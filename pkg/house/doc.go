// Package house holds the promises of the tree as a whole, as tests: which
// package may import which, that every decoder is fuzzed, how long functions
// and files may be, and what all commands have in common.
//
// It has no code of its own and nobody imports it. What a single package or
// command promises is tested where it lives.
package house
