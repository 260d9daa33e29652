package benc

import "bytes"

// keys remembers the keys of one dictionary while it is walked. As long as
// they come in order the last one is enough; the set is made when order ends.
type keys struct {
	last []byte
	n    int
	set  map[string]bool
}

// add takes the next key of the dictionary and says whether it is new.
func (k *keys) add(dict Value, key []byte) bool {
	inOrder := k.n == 0 || bytes.Compare(k.last, key) < 0
	if k.set == nil && inOrder {
		k.last = key
		k.n++
		return true
	}
	if k.set == nil {
		k.set = firstKeys(dict, k.n)
	}
	if k.set[string(key)] {
		return false
	}
	k.set[string(key)] = true
	return true
}

func firstKeys(dict Value, n int) map[string]bool {
	set := make(map[string]bool, n)
	for key := range dict.pairs() {
		if n == 0 {
			break
		}
		set[string(key)] = true
		n--
	}
	return set
}

// repeats says whether a dictionary has some key twice.
func repeats(dict Value) bool {
	var seen keys
	for key := range dict.pairs() {
		if !seen.add(dict, key) {
			return true
		}
	}
	return false
}
