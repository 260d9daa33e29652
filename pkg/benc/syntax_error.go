package benc

import "fmt"

// SyntaxError says where bytes stop being acceptable bencode.
type SyntaxError struct {
	// Bytes from the start of the input to the trouble.
	Offset int
	// What was expected there.
	Want string
	// Whether a limit was passed, so that the bytes may be good bencode.
	Limit bool
}

func (e *SyntaxError) Error() string {
	return fmt.Sprintf("byte %d: expected %s", e.Offset, e.Want)
}
