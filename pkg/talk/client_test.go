package talk

import (
	"bytes"
	"strconv"
	"testing"

	"btkit/pkg/peerwire"
)

// The name that peers see is honest, and carries the contact that the measurer
// gave.
func TestClientOf(t *testing.T) {
	for contact, want := range map[string]string{
		"":                          "btkit/0.1 (measurement, no transfer)",
		"https://example.org/study": "btkit/0.1 (measurement, no transfer) https://example.org/study",
	} {
		self := Self{Client: ClientOf(contact)}.Prepared()
		greeting := self.greeting(peerwire.Handshake{Reserved: peerwire.Reserved(peerwire.BitExt)})
		if !bytes.Contains(greeting, []byte("1:v"+strconv.Itoa(len(want))+":"+want+"e")) {
			t.Errorf("contact %q: got greeting %q, want the name %q in it", contact, greeting, want)
		}
	}
}
