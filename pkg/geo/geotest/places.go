package geotest

import (
	"fmt"

	"github.com/maxmind/mmdbwriter/mmdbtype"
)

// country is a real country code with an invented middle of its towns.
type country struct {
	code, continent mmdbtype.String
	lat, lon        float64
}

var countries = []country{
	{"SE", "EU", 60, 15}, {"US", "NA", 40, -100}, {"BR", "SA", -10, -55}, {"JP", "AS", 36, 138},
	{"ZA", "AF", -29, 24}, {"AU", "OC", -25, 134}, {"DE", "EU", 51, 10}, {"IN", "AS", 22, 79},
}

// firstSystem is the first AS number reserved for documentation (RFC 5398).
const firstSystem = 64496

// systems is how many AS numbers that reservation has.
const systems = 16

// Cities returns the entries of the city database: "Town 3" in the country
// whose turn it is for 127.3.0.0/16.
func Cities() []Entry {
	var entries []Entry
	for i := range 256 {
		c := countries[i%len(countries)]
		entries = append(entries, Entry{fmt.Sprintf("127.%d.0.0/16", i), mmdbtype.Map{
			"city": mmdbtype.Map{"names": mmdbtype.Map{
				"en": mmdbtype.String(fmt.Sprintf("Town %d", i)),
				"de": mmdbtype.String(fmt.Sprintf("Stadt %d", i)),
			}},
			"country":   mmdbtype.Map{"iso_code": c.code},
			"continent": mmdbtype.Map{"code": c.continent},
			"location": mmdbtype.Map{
				"latitude":  mmdbtype.Float64(c.lat + float64(i)/128),
				"longitude": mmdbtype.Float64(c.lon + float64(i)/64),
			},
		}})
	}
	return entries
}

// Systems returns the entries of the AS database.
func Systems() []Entry {
	var entries []Entry
	for i := range 256 {
		n := i % systems
		entries = append(entries, Entry{fmt.Sprintf("127.%d.0.0/16", i), mmdbtype.Map{
			"autonomous_system_number":       mmdbtype.Uint32(firstSystem + n),
			"autonomous_system_organization": mmdbtype.String(fmt.Sprintf("Example Net %d", n)),
		}})
	}
	return entries
}
