package utp

// before says whether number a comes before b on the circle of 16 bits.
func before(a, b uint16) bool {
	d := b - a
	return d != 0 && d < 1<<15
}

// Mask makes the selective ack that says which of some later packets came,
// while ack+1 is missing: bit 0 of byte 0 stands for ack+2 (BEP 29). It is as
// long as needed, in steps of four bytes, and nil if there is nothing to say.
// Numbers more than 2017 ahead are left out.
func Mask(ack uint16, came []uint16) []byte {
	var mask []byte
	for _, seq := range came {
		bit := int(seq - ack - 2)
		if bit >= maxMask*8 {
			continue
		}
		for len(mask) <= bit/8 {
			mask = append(mask, 0, 0, 0, 0)
		}
		mask[bit/8] |= 1 << (bit % 8)
	}
	return mask
}

// maxMask is the longest mask that fits an extension, in bytes.
const maxMask = 252

// masked says whether a mask over ack has seq.
func masked(mask []byte, ack, seq uint16) bool {
	bit := int(seq - ack - 2)
	return bit < len(mask)*8 && mask[bit/8]&(1<<(bit%8)) != 0
}
