// Package confirm folds settled readings of peers into confirmed downloads:
// one identity was read below the completion threshold and later at or above
// it. It keeps apart what must not be counted: peers first seen complete,
// partial seeds, seeds that hide their pieces, and clients that follow each
// other at one address.
//
// It is fed records in the order of the stream and has no clock of its own.
// Estimates of what could not be seen are left to others.
package confirm
