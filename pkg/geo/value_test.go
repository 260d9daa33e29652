package geo

import (
	"bytes"
	"errors"
	"reflect"
	"testing"
)

func TestDecode(t *testing.T) {
	long := bytes.Repeat([]byte("x"), 5000)
	tests := []struct {
		name string
		in   string
		at   int
		want any
	}{
		{"text", "\x42Hi", 0, "Hi"},
		{"empty text", "\x40", 0, ""},
		{"text of 29 bytes", "\x5d\x00" + string(long[:29]), 0, string(long[:29])},
		{"text of 285 bytes", "\x5e\x00\x00" + string(long[:285]), 0, string(long[:285])},
		{"long text is cut", "\x5e\x11\xcb" + string(long[:4840]), 0, string(long[:maxValueText])},
		{"double", "\x68\x3f\xe0\x00\x00\x00\x00\x00\x00", 0, 0.5},
		{"float", "\x04\x08\x3f\x00\x00\x00", 0, 0.5},
		{"uint16", "\xa2\x01\x02", 0, uint64(0x102)},
		{"uint32 zero", "\xc0", 0, uint64(0)},
		{"uint64", "\x02\x02\x01\x00", 0, uint64(256)},
		{"int32", "\x04\x01\xff\xff\xff\xff", 0, -1.0},
		{"uint128 is not asked for", "\x01\x03\x07", 0, nil},
		{"bytes are not asked for", "\x81\x07", 0, nil},
		{"bool", "\x01\x07", 0, true},
		{"map", "\xe1\x41a\x41b", 0, map[string]any{"a": "b"}},
		{"array", "\x02\x04\x41a\x41b", 0, []any{"a", "b"}},
		{"pointer", "\x41a\x20\x00", 2, "a"},
		{"pointer as name", "\x41a\xe1\x20\x00\x41b", 2, map[string]any{"a": "b"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := decode([]byte(tt.in), tt.at)
			if err != nil || !reflect.DeepEqual(got, tt.want) {
				t.Errorf("got %v, %v, want %v", got, err, tt.want)
			}
		})
	}
}

func TestDecodeFollowsPointersOfEachSize(t *testing.T) {
	data := make([]byte, 526400)
	copy(data, "\x41a")
	copy(data[2048+7:], "\x41b")
	copy(data[526336+9:], "\x41c")
	copy(data[100:], "\x28\x00\x07\x30\x00\x00\x09\x38\x00\x00\x08\x07")
	for at, want := range map[int]string{100: "b", 103: "c", 107: "b"} {
		if got, err := decode(data, at); err != nil || got != want {
			t.Errorf("pointer at %d: got %v, %v, want %q", at, got, err, want)
		}
	}
}

func TestDecodeRefusesDamage(t *testing.T) {
	tests := []struct {
		name string
		in   string
		at   int
	}{
		{"nothing", "", 0},
		{"beyond the end", "\x40", 5},
		{"text cut short", "\x45ab", 0},
		{"size cut short", "\x5f\x00", 0},
		{"extended type cut short", "\x01", 0},
		{"pointer to itself", "\x20\x00", 0},
		{"two pointers at each other", "\x20\x02\x20\x00", 0},
		{"name that points to itself", "\xe1\x20\x01", 0},
		{"map in itself", "\xe1\x41a\x20\x00", 0},
		{"array that doubles at each level", "\x02\x04\x20\x00\x20\x00", 0},
		{"array of 16 million", "\x1f\x04\xff\xff\xff\x40", 0},
		{"map of 16 million", "\xff\xff\xff\xff\x40", 0},
		{"double of 3 bytes", "\x63abc", 0},
		{"number of 9 bytes", "\x09\x02123456789", 0},
		{"name that is a number", "\xe1\xa1\x01\x40", 0},
		{"unknown type", "\x00\x20", 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got, err := decode([]byte(tt.in), tt.at); !errors.Is(err, errDamaged) {
				t.Errorf("got %v, %v, want a damaged record", got, err)
			}
		})
	}
}

func TestPlaceOf(t *testing.T) {
	lat, lon := 59.5, -18.25
	tests := []struct {
		name string
		in   map[string]any
		want Place
	}{
		{"GeoLite2", map[string]any{
			"city":     map[string]any{"names": map[string]any{"en": "Town", "de": "Stadt"}},
			"country":  map[string]any{"iso_code": "SE"},
			"location": map[string]any{"latitude": lat, "longitude": lon}, "continent": map[string]any{"code": "EU"},
		}, Place{City: "Stadt", Country: "SE", Continent: "EU", Lat: &lat, Lon: &lon}},
		{"no name in the language", map[string]any{"city": map[string]any{"names": map[string]any{"en": "Town"}}}, Place{City: "Town"}},
		{"GeoLite2 ASN", map[string]any{"autonomous_system_number": uint64(64500), "autonomous_system_organization": "Net"},
			Place{ASN: 64500, ASOrg: "Net"}},
		{"DB-IP with traits", map[string]any{"traits": map[string]any{"autonomous_system_number": uint64(64500),
			"autonomous_system_organization": "Net"}}, Place{ASN: 64500, ASOrg: "Net"}},
		{"flat with texts", map[string]any{"asn": "AS64500", "as_name": "Net", "country": "Sweden", "country_code": "SE",
			"continent": "Europe", "continent_code": "EU", "city": "Town", "lat": "59.5", "lng": "-18.25"},
			Place{City: "Town", Country: "SE", Continent: "EU", Lat: &lat, Lon: &lon, ASN: 64500, ASOrg: "Net"}},
		{"flat with code", map[string]any{"country": "SE"}, Place{Country: "SE"}},
		{"names are cleaned", map[string]any{"city": " A\x1b[31mB\xff "}, Place{City: "A\uFFFD[31mB\uFFFD"}},
		{"wrong values", map[string]any{"country": "se", "continent": "Europe", "lat": 91.0, "lon": 0.0, "asn": "x", "as_name": 7.0}, Place{}},
		{"half a point", map[string]any{"lat": lat}, Place{}},
		{"not a number", map[string]any{"lat": "NaN", "lon": "1"}, Place{}},
		{"AS number too large", map[string]any{"asn": uint64(1 << 40)}, Place{}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := placeOf(tt.in, "de")
			if g, w := string(got.Append(nil)), string(tt.want.Append(nil)); g != w {
				t.Errorf("got %s, want %s", g, w)
			}
		})
	}
}

func TestPlaceAppend(t *testing.T) {
	zero := 0.0
	tests := []struct {
		name string
		in   Place
		want string
	}{
		{"nothing", Place{}, ""},
		{"null island", Place{Lat: &zero, Lon: &zero}, `{"lat":0,"lon":0}`},
		{"marks", Place{City: `a"b<c>&`, ASN: 1}, `{"city":"a\"b<c>&","asn":1}`},
	}
	for _, tt := range tests {
		if got := string(tt.in.Append(nil)); got != tt.want {
			t.Errorf("%s: got %s, want %s", tt.name, got, tt.want)
		}
	}
}

// FuzzDecode: any bytes give a value or an error, and a value makes a place
// that JSON can hold.
func FuzzDecode(f *testing.F) {
	f.Add([]byte("\xe1\x41a\x20\x00"), 0)
	f.Add([]byte("\x02\x04\x20\x00\x20\x00"), 0)
	f.Add([]byte("\xe2\x43asn\xc2\x01\x02\x43lat\x68\x40\x45\x00\x00\x00\x00\x00\x00"), 0)
	f.Fuzz(func(t *testing.T, data []byte, at int) {
		v, err := decode(data, at)
		if err != nil {
			return
		}
		p := placeOf(v, "en")
		if got := p.Append(nil); p != (Place{}) && len(got) < 3 {
			t.Errorf("got %q for %+v, want an object", got, p)
		}
	})
}
