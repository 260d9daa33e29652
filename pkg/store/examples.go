package store

// Query is an example for the man page. Tests run every one of them.
type Query struct{ Text, SQL string }

// Examples are queries that answer the usual questions.
func Examples() []Query {
	return []Query{
		{"Confirmed downloads per hour, all torrents together:",
			`SELECT hour, sum(downloads) FROM downloads_per_hour GROUP BY hour`},
		{"The ten countries with most downloads:",
			`SELECT country, downloads, share FROM downloads_per_country
ORDER BY downloads DESC LIMIT 10`},
		{"Clients without their versions:",
			`SELECT family, sum(downloads) FROM downloads_per_client
GROUP BY family ORDER BY 2 DESC`},
		{"What each source gave, new addresses against duplicates:",
			`SELECT source, sum(requests), sum(peers), sum(new), sum(duplicate) FROM requests
GROUP BY source`},
		{"How first attempts ended:",
			`SELECT outcome, sum(visits), round(sum(share), 3) FROM outcomes
WHERE direction = 'out' AND attempt = 'first' GROUP BY outcome ORDER BY 2 DESC`},
		{"How far peers got:",
			`SELECT direction, step, name, sum(peers) FROM funnel GROUP BY direction, step`},
		{"Downloads whose moment is known to the minute, against all:",
			`SELECT sum(crossing_s <= 60), count(*) FROM downloads`},
		{"Lower bound, and what could not be observed, per torrent:",
			`SELECT t.name, sum(y.confirmed), sum(y.first_complete), sum(y.censored)
FROM tallies y LEFT JOIN torrents t USING (infohash) GROUP BY y.infohash`},
		{"Scrape counts over time:",
			`SELECT ts, via, seeders, leechers, completed FROM request
WHERE ask = 'scrape' AND outcome = 'ok' ORDER BY ts`},
		{"All readings at one address, dialled and dialling:",
			`SELECT ts, direction, have, pieces, how FROM progress
WHERE (infohash, ip) = (SELECT infohash, ip FROM download LIMIT 1) ORDER BY ts`},
		{"A member that a plugin added, and a kind of its own:",
			`SELECT ip, json_extract(extra, '$.mood') FROM visit
WHERE json_extract(extra, '$.mood') IS NOT NULL;
SELECT ts, json_extract(json, '$.temperature') FROM record WHERE type = 'weather'`},
		{"How every command of every run ended (\"end\" and \"by\" are words of SQL and need quotes):",
			`SELECT "by", run, seen, wrote, rejected, dropped, why FROM "end" ORDER BY ts`},
	}
}
