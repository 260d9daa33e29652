// Package geo tells where an address is and whose network it is in: city,
// country, continent, coordinates, AS number and organisation from MaxMind DB
// files (GeoLite2, DB-IP and others of that format), and on request the
// registrable domain of the address's host name from the DNS. Its Filter adds
// both to the records that pass.
//
// It contacts nobody but the resolver that it is given. Signals, flags and
// the stream itself are left to the command.
package geo
