package benc

// Oddities is a set of breaches of BEP 3 that do not spoil the meaning.
type Oddities uint8

// What Check tolerates.
const (
	// Keys of some dictionary are not in the order of their bytes.
	UnsortedKeys Oddities = 1 << iota
	// Some dictionary has a key twice; the first one counts.
	DuplicateKeys
)

// Has says whether o holds all of the given ones.
func (o Oddities) Has(some Oddities) bool { return o&some == some }

// Strings names them as they stand in the member "oddities" of a record.
func (o Oddities) Strings() []string {
	var names []string
	if o.Has(UnsortedKeys) {
		names = append(names, "unsorted-keys")
	}
	if o.Has(DuplicateKeys) {
		names = append(names, "duplicate-keys")
	}
	return names
}
