package main

const about = `Adds one member, "geo", to every record that has an "ip", and passes all records on. All other
bytes of a record stay as they came; a geo member that is there already is replaced where it stands. An address that
no database knows, such as a private one, gets none, and keeps the one that it has.

On SIGHUP the databases are read again while records go on passing. If the new ones cannot be used, the old ones stay
and a remark says so.`

const memberText = `The object has those of these members that are known: "city", "country" (ISO 3166 code), "continent"
(AF, AN, AS, EU, NA, OC or SA), "lat" and "lon" (degrees), "asn" (number of the autonomous system), "as_org" (its
organisation) and, with --rdns, "domain".`

const databaseText = `Files in the MaxMind DB format: GeoLite2 and GeoIP2 (maxmind.com), DB-IP Lite (db-ip.com) and others with
the usual member names. Without --db those named in $BT_GEOIP are used, a list of files and folders separated by ":"; without
that those in /usr/share/GeoIP, /var/lib/GeoIP and /usr/local/share/GeoIP. In folders one file per kind (city, country, asn,
isp) is chosen by its name: GeoIP2 before GeoLite2 before DB-IP before others, and of several editions the last by name.
What the first file knows of an address counts; the others fill in what it leaves open.

A damaged record is left out of the places; the command then ends with exit status 1 after all records have passed.`

const hostText = `With --rdns the DNS is asked for the host name of each address, in the background; no record waits for
it. When the answer comes, a host record says the registrable domain, such as example.co.uk, or why there is none; later
records of the address carry it as "domain" in their geo member. So every address gets its domain at least once. Answers
are remembered for a day, failures for an hour.

At the end of input the command waits for the answers still to come; a signal ends the waiting, and the addresses left out
are counted as "dropped" in the end record. Only addresses that may be contacted are asked about: not private ones, unless
--allow-private is given. Whoever runs the DNS server learns the addresses.

In stat records, "ok" counts the records that got a member and "queue" the addresses whose answer is still to come.`
