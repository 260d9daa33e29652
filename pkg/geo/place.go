package geo

import (
	"bytes"
	"encoding/json"
	"math"
	"strconv"
	"strings"

	"btkit/pkg/record"
)

// Place is what the databases know of an address. A zero or nil member means
// "not known".
type Place struct {
	// City in the language asked for, else in English.
	City string `json:"city,omitempty"`
	// Country, ISO 3166-1: two capital letters.
	Country string `json:"country,omitempty"`
	// Continent: AF, AN, AS, EU, NA, OC or SA.
	Continent string `json:"continent,omitempty"`
	// Latitude in degrees, north positive.
	Lat *float64 `json:"lat,omitempty"`
	// Longitude in degrees, east positive.
	Lon *float64 `json:"lon,omitempty"`
	// Number of the autonomous system.
	ASN uint32 `json:"asn,omitempty"`
	// Organisation that the autonomous system is registered to.
	ASOrg string `json:"as_org,omitempty"`
}

// Append appends the place as a JSON object, as records carry it; nothing at
// all if nothing is known.
func (p *Place) Append(dst []byte) []byte {
	if *p == (Place{}) {
		return dst
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(p); err != nil {
		return dst // no member of a Place can fail to encode
	}
	return append(dst, bytes.TrimSuffix(b.Bytes(), []byte("\n"))...)
}

// add fills in what is not known yet.
func (p *Place) add(q Place) {
	if p.City == "" {
		p.City = q.City
	}
	if p.Country == "" {
		p.Country = q.Country
	}
	if p.Continent == "" {
		p.Continent = q.Continent
	}
	if p.Lat == nil {
		p.Lat, p.Lon = q.Lat, q.Lon
	}
	if p.ASN == 0 {
		p.ASN = q.ASN
	}
	if p.ASOrg == "" {
		p.ASOrg = q.ASOrg
	}
}

// placeOf picks a place out of a database record. Publishers lay out their
// records differently; the first of the known ways that fits counts.
func placeOf(v any, lang string) Place {
	lat, lon := coordinate(v, 90, "location/latitude", "latitude", "lat"),
		coordinate(v, 180, "location/longitude", "longitude", "lon", "lng")
	if lat == nil || lon == nil {
		lat, lon = nil, nil
	}
	return Place{
		City:      text(v, "city/names/"+lang, "city/names/en", "city/name", "city", "city_name"),
		Country:   code(v, "country/iso_code", "country_code", "country"),
		Continent: code(v, "continent/code", "continent_code", "continent"),
		Lat:       lat, Lon: lon,
		ASN: systemNumber(v, "autonomous_system_number", "traits/autonomous_system_number", "as_number", "asn"),
		ASOrg: text(v, "autonomous_system_organization", "traits/autonomous_system_organization",
			"as_organization", "as_name", "as_org", "organization"),
	}
}

// at follows a path of names joined by "/".
func at(v any, path string) any {
	for more := true; more; {
		var name string
		name, path, more = strings.Cut(path, "/")
		m, ok := v.(map[string]any)
		if !ok {
			return nil
		}
		v = m[name]
	}
	return v
}

func text(v any, paths ...string) string {
	for _, path := range paths {
		if s, ok := at(v, path).(string); ok {
			if clean, _ := record.Clean(strings.TrimSpace(s)); clean != "" {
				return clean
			}
		}
	}
	return ""
}

func code(v any, paths ...string) string {
	for _, path := range paths {
		s, ok := at(v, path).(string)
		if ok && len(s) == 2 && isCapital(s[0]) && isCapital(s[1]) {
			return s
		}
	}
	return ""
}

func isCapital(c byte) bool { return c >= 'A' && c <= 'Z' }

// coordinate reads degrees of at most limit.
func coordinate(v any, limit float64, paths ...string) *float64 {
	for _, path := range paths {
		f, ok := float(at(v, path))
		if ok && math.Abs(f) <= limit {
			return &f
		}
	}
	return nil
}

func float(v any) (float64, bool) {
	switch n := v.(type) {
	case float64:
		return n, true
	case uint64:
		return float64(n), true
	case string:
		f, err := strconv.ParseFloat(n, 64)
		return f, err == nil
	}
	return 0, false
}

// systemNumber reads an AS number: 64500, "64500" or "AS64500".
func systemNumber(v any, paths ...string) uint32 {
	for _, path := range paths {
		switch n := at(v, path).(type) {
		case uint64:
			if n > 0 && n <= math.MaxUint32 {
				return uint32(n)
			}
		case string:
			if n, err := strconv.ParseUint(strings.TrimPrefix(n, "AS"), 10, 32); err == nil && n > 0 {
				return uint32(n)
			}
		}
	}
	return 0
}
