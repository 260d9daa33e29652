package record

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/netip"
	"reflect"
	"strconv"
	"time"
)

// Decode reads the line into a record of its kind. Members that the kind does
// not have are passed over, names are compared exactly, null counts as absent.
// An address or a time that cannot be read is an error. A record that is used
// again keeps the texts that come again, which spares their copies. After an
// error it is of no use.
func (l *Line) Decode(into Record) error {
	v := reflect.ValueOf(into).Elem()
	p := planOf[v.Type()]
	if p != l.plan {
		return fmt.Errorf("%w: kind %q, expected %q", ErrNotRecord, l.Type, p.name)
	}
	next, done := 0, uint64(0)
	for i := range l.members {
		f := p.lookup(l.name(i), &next)
		if f == nil || l.members[i].kind == kindNull {
			continue
		}
		done |= 1 << f.number
		if err := setValue(v.FieldByIndex(f.index), l.value(i)); err != nil {
			return fmt.Errorf("%w: %s: member %q: %w", ErrNotRecord, l.Type, f.name, err)
		}
	}
	for i := range p.fields {
		if done&(1<<i) == 0 {
			v.FieldByIndex(p.fields[i].index).SetZero()
		}
	}
	return nil
}

func setValue(v reflect.Value, raw []byte) error {
	switch v.Kind() {
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		return setValue(v.Elem(), raw)
	case reflect.String:
		if !holds(v, raw) {
			v.SetString(unquote(raw))
		}
	case reflect.Bool:
		v.SetBool(raw[0] == 't')
	case reflect.Int, reflect.Int64:
		n, err := strconv.ParseInt(string(raw), 10, 64)
		v.SetInt(n)
		return err
	case reflect.Uint16, reflect.Uint64:
		n, err := strconv.ParseUint(string(raw), 10, 64)
		v.SetUint(n)
		return err
	case reflect.Float64:
		f, err := strconv.ParseFloat(string(raw), 64)
		v.SetFloat(f)
		return err
	case reflect.Struct:
		return setStruct(v, unquote(raw))
	default:
		v.SetZero() // else it would be added to
		return json.Unmarshal(raw, v.Addr().Interface())
	}
	return nil
}

// holds says whether v is the string that raw stands for, and has no escapes.
func holds(v reflect.Value, raw []byte) bool {
	return v.String() == string(raw[1:len(raw)-1]) && bytes.IndexByte(raw, '\\') < 0
}

func setStruct(v reflect.Value, text string) error {
	switch into := v.Addr().Interface().(type) {
	case *time.Time:
		t, err := time.Parse(time.RFC3339Nano, text)
		if err != nil {
			return fmt.Errorf("%.40q is not a time", text)
		}
		*into = t.UTC()
	case *netip.Addr:
		a, err := netip.ParseAddr(text)
		if err != nil {
			return fmt.Errorf("%.60q is not an address", text)
		}
		*into = a.Unmap().WithZone("")
	}
	return nil
}
