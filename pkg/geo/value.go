package geo

import (
	"errors"
	"fmt"
	"math"
)

// Bounds on one decoded record. The largest in common use have about 150
// values, eight languages of each name among them.
const (
	maxValues     = 4096
	maxValueDepth = 16
	maxValueText  = 1024 // bytes kept of a text
)

var errDamaged = errors.New("damaged record")

// Types of the data section of the MaxMind DB format 2.0.
const (
	typeExtended = 0
	typePointer  = 1
	typeString   = 2
	typeDouble   = 3
	typeBytes    = 4
	typeUint16   = 5
	typeUint32   = 6
	typeMap      = 7
	typeInt32    = 8
	typeUint64   = 9
	typeUint128  = 10
	typeArray    = 11
	typeBool     = 14
	typeFloat    = 15
)

// decoder reads the data section of a database. The library that walks the
// search tree could read it too, but follows pointers and skips lists by
// recursion without a bound: a damaged file then ends the process.
type decoder struct {
	data []byte
	left int // values that may still be read
}

// decode reads the value at an offset: a map[string]any, []any, string,
// float64, uint64, bool, or nil for what nobody here asks for.
func decode(data []byte, offset int) (any, error) {
	d := decoder{data: data, left: maxValues}
	v, _, err := d.value(offset, 0)
	return v, err
}

// value reads one value and says where the next one begins.
func (d *decoder) value(at, depth int) (any, int, error) {
	if d.left--; d.left < 0 || depth > maxValueDepth {
		return nil, 0, fmt.Errorf("%w: too large or too deep", errDamaged)
	}
	typ, size, at, err := d.control(at)
	if err != nil {
		return nil, 0, err
	}
	switch typ {
	case typePointer:
		to, next, err := d.pointer(size, at)
		if err != nil {
			return nil, 0, err
		}
		v, _, err := d.value(to, depth+1)
		return v, next, err
	case typeMap:
		return d.mapping(size, at, depth)
	case typeArray:
		return d.array(size, at, depth)
	case typeBool:
		return size != 0, at, nil
	}
	b, err := d.bytes(at, size)
	if err != nil {
		return nil, 0, err
	}
	v, err := scalar(typ, b)
	return v, at + size, err
}

func scalar(typ int, b []byte) (any, error) {
	switch {
	case typ == typeString:
		return string(b[:min(len(b), maxValueText)]), nil
	case typ == typeDouble && len(b) == 8:
		return math.Float64frombits(number(b)), nil
	case typ == typeFloat && len(b) == 4:
		return float64(math.Float32frombits(uint32(number(b)))), nil
	case typ == typeInt32 && len(b) <= 4:
		return float64(int32(number(b))), nil
	case typ == typeUint16, typ == typeUint32, typ == typeUint64:
		if len(b) <= 8 {
			return number(b), nil
		}
	case typ == typeBytes, typ == typeUint128:
		return nil, nil
	}
	return nil, fmt.Errorf("%w: %d bytes of type %d", errDamaged, len(b), typ)
}

func number(b []byte) (n uint64) {
	for _, c := range b {
		n = n<<8 | uint64(c)
	}
	return n
}

// control reads the type and the size in front of a value. A pointer's size
// is the lower five bits as they stand.
func (d *decoder) control(at int) (typ, size, next int, err error) {
	b, err := d.bytes(at, 1)
	if err != nil {
		return 0, 0, 0, err
	}
	typ, size, at = int(b[0]>>5), int(b[0]&0x1f), at+1
	if typ == typePointer {
		return typ, size, at, nil
	}
	if typ == typeExtended {
		if b, err = d.bytes(at, 1); err != nil {
			return 0, 0, 0, err
		}
		typ, at = int(b[0])+7, at+1
	}
	if size < 29 {
		return typ, size, at, nil
	}
	more := size - 28 // bytes of the size that follow
	if b, err = d.bytes(at, more); err != nil {
		return 0, 0, 0, err
	}
	base := [...]int{29, 285, 65821}
	return typ, base[more-1] + int(number(b)), at + more, nil
}

func (d *decoder) pointer(bits, at int) (to, next int, err error) {
	size := bits>>3&3 + 1
	b, err := d.bytes(at, size)
	if err != nil {
		return 0, 0, err
	}
	base := [...]int{0, 2048, 526336, 0}
	to = int(number(b)) + base[size-1]
	if size < 4 {
		to += (bits & 7) << (8 * size)
	}
	return to, at + size, nil
}

func (d *decoder) mapping(size, at, depth int) (any, int, error) {
	m := make(map[string]any, min(size, 16))
	for range size {
		key, next, err := d.value(at, depth+1)
		if err != nil {
			return nil, 0, err
		}
		name, ok := key.(string)
		if !ok {
			return nil, 0, fmt.Errorf("%w: a name that is no text", errDamaged)
		}
		if m[name], at, err = d.value(next, depth+1); err != nil {
			return nil, 0, err
		}
	}
	return m, at, nil
}

func (d *decoder) array(size, at, depth int) (any, int, error) {
	var list []any
	for range size {
		v, next, err := d.value(at, depth+1)
		if err != nil {
			return nil, 0, err
		}
		list, at = append(list, v), next
	}
	return list, at, nil
}

func (d *decoder) bytes(at, n int) ([]byte, error) {
	if at < 0 || n < 0 || at > len(d.data) || n > len(d.data)-at {
		return nil, fmt.Errorf("%w: points beyond the end of the file", errDamaged)
	}
	return d.data[at : at+n], nil
}
