package store

import (
	"fmt"
	"strings"
)

// View is a question answered again and again.
type View struct {
	// Name of the view.
	Name string
	// Doc says what a row is, with units.
	Doc string
	// Columns with what they mean, in order.
	Columns []Column
	query   string
}

// create is the statement that makes the view, comments included.
func (v *View) create() string {
	return fmt.Sprintf("CREATE VIEW %s AS -- %s\n%s", quote(v.Name), oneLine(v.Doc), strings.TrimSpace(v.query))
}

// Views lists the views in the order in which they build upon each other.
func Views() []View {
	return append(append(torrentViews(), downloadViews()...), swarmViews()...)
}

func col(name, doc string) Column { return Column{Name: name, Doc: doc} }

// identityPort is the port where a peer listens, as far as it is known: peers
// that dial us do so from any port.
const identityPort = `CASE direction WHEN 'in' THEN coalesce(listen_port, port) ELSE port END`

func torrentViews() []View {
	return []View{
		{Name: "torrents", Doc: "One row per torrent, all that its records say put together.", Columns: []Column{
			col("infohash", "Torrent."), col("infohash_v2", "Its hash of version 2 (BEP 52)."), col("name", "Name."),
			col("pieces", "Pieces."), col("piece_bytes", "Bytes in a piece."), col("bytes", "Bytes of content."),
			col("need", "Pieces at the completion threshold."), col("trackers", "Announce URLs as JSON, a list per tier: the torrent's own, else those heard of (BEP 28, BEP 22)."),
		}, query: `
SELECT infohash, max(infohash_v2) AS infohash_v2, max(name) AS name, max(pieces) AS pieces,
  max(piece_bytes) AS piece_bytes, max(bytes) AS bytes, max(need) AS need,
  coalesce(max(CASE WHEN source IN ('tex', 'local') THEN NULL ELSE trackers END), max(trackers)) AS trackers
FROM torrent GROUP BY infohash`},
		{Name: "tallies", Doc: "The last word of bt-confirm on each torrent, per run.", Columns: []Column{
			col("infohash", "Torrent."), col("run", "Run of bt-confirm."), col("ts", "Time of the tally."),
			col("peers", "Peers read."), col("confirmed", "Confirmed downloads."),
			col("confirmed_addrs", "Confirmed downloads, distinct addresses."),
			col("first_complete", "Peers complete when first read."), col("partial_seeds", "Peers below the threshold that want no more."),
			col("partial_finished", "Of them seen to finish the files that they selected."),
			col("super_seeds", "Peers that look like seeds hiding their pieces."), col("censored", "Peers last read below the threshold."),
		}, query: `
SELECT infohash, run, max(ts) AS ts, peers, confirmed, confirmed_addrs, first_complete,
  partial_seeds, partial_finished, super_seeds, censored
FROM tally GROUP BY infohash, run`},
	}
}

func downloadViews() []View {
	return []View{
		{Name: "places", Doc: "Where an address is, by the last record of it that bt-geo has marked.", Columns: []Column{
			col("ip", "Address or its hash."), col("ts", "Time of that record."),
			col("continent", "Code of the continent."), col("country", "ISO code of the country."),
			col("city", "Name of the city."), col("lat", "Degrees north."), col("lon", "Degrees east."),
			col("asn", "Number of the autonomous system."), col("as_org", "Who it is registered to."),
			col("domain", "Registrable domain of the host's name."),
		}, query: placesQuery()},
		{Name: "downloads", Doc: "Confirmed downloads with torrent and place.", Columns: []Column{
			col("ts", "First settled reading at or above the threshold."), col("infohash", "Torrent."), col("name", "Its name."),
			col("bytes", "Bytes of its content."), col("ip", "Address or its hash."), col("port", "Port of the peer."),
			col("client", "Client and version."), col("direction", "Who opened the connection."),
			col("identity", "What the identity rests on."), col("below_ts", "Last settled reading below the threshold."),
			col("crossing_s", "Seconds between the two readings: the crossing lies within."),
			col("watched_s", "Seconds from the first reading to the confirming one."),
			col("rate_bps", "Highest rate, bytes per second."), col("continent", "Code of the continent."),
			col("country", "ISO code of the country."), col("city", "Name of the city."),
			col("asn", "Number of the autonomous system."), col("as_org", "Who it is registered to."),
		}, query: `
SELECT d.above_ts AS ts, d.infohash, t.name, t.bytes, d.ip, d.port, d.client, d.direction, d.identity, d.below_ts,
  round((julianday(d.above_ts) - julianday(d.below_ts)) * 86400, 3) AS crossing_s,
  round((julianday(d.above_ts) - julianday(d.first_ts)) * 86400, 3) AS watched_s,
  d.rate_bps, p.continent, p.country, p.city, p.asn, p.as_org
FROM download d LEFT JOIN torrents t ON t.infohash = d.infohash LEFT JOIN places p ON p.ip = d.ip`},
		perTime("minute", "substr(crossed_ts, 1, 16) || ':00Z'"),
		perTime("hour", "substr(crossed_ts, 1, 13) || ':00:00Z'"),
		{Name: "downloads_per_country", Doc: "Confirmed downloads by country; NULL is not known.", Columns: []Column{
			col("country", "ISO code of the country."), col("downloads", "Confirmed downloads."),
			col("addresses", "Distinct addresses among them."), col("share", "Part of all, 0 to 1."),
		}, query: `
SELECT country, count(*) AS downloads, count(DISTINCT ip) AS addresses,
  round(1.0 * count(*) / (SELECT count(*) FROM download), 4) AS share
FROM downloads GROUP BY country`},
		{Name: "downloads_per_client", Doc: "Confirmed downloads by client and version; NULL is not known.", Columns: []Column{
			col("family", "Client without its version."), col("client", "Client and version."),
			col("downloads", "Confirmed downloads."), col("share", "Part of all, 0 to 1."),
		}, query: `
SELECT rtrim(rtrim(client, '0123456789.'), ' /-v') AS family, client, count(*) AS downloads,
  round(1.0 * count(*) / (SELECT count(*) FROM download), 4) AS share
FROM download GROUP BY client`},
	}
}

// perTime counts downloads by the estimated time of the crossing.
func perTime(unit, begin string) View {
	return View{Name: "downloads_per_" + unit, Doc: "Confirmed downloads by the " + unit + " in which they crossed the threshold, as estimated between two readings.",
		Columns: []Column{col(unit, "Begin of the "+unit+", UTC."), col("infohash", "Torrent."), col("downloads", "Confirmed downloads."),
			col("addresses", "Distinct addresses among them."),
			col("certain", "Downloads whose two readings lie in this "+unit+" both.")},
		query: fmt.Sprintf(`
SELECT %[1]s AS %[2]s, infohash, count(*) AS downloads, count(DISTINCT ip) AS addresses,
  sum(%[3]s = %[4]s) AS certain
FROM download GROUP BY 1, 2`, begin, unit, strings.ReplaceAll(begin, "crossed_ts", "below_ts"), strings.ReplaceAll(begin, "crossed_ts", "above_ts"))}
}

// placesQuery takes the place from every kind with an address: a filter marks
// all of them, and the pipe may have been joined at any point.
func placesQuery() string {
	var parts []string
	for _, t := range Tables() {
		if _, ok := t.byName["ip"]; ok && t.Name != "listen" && t.Name != "truth" {
			parts = append(parts, fmt.Sprintf("  SELECT ip, ts, json_extract(extra, '$.geo') AS geo FROM %s WHERE extra LIKE '%%\"geo\":{%%'", quote(t.Name)))
		}
	}
	var members []string
	for _, name := range []string{"continent", "country", "city", "lat", "lon", "asn", "as_org", "domain"} {
		members = append(members, fmt.Sprintf("json_extract(geo, '$.%s') AS %s", name, name))
	}
	return fmt.Sprintf("SELECT ip, ts, %s\nFROM (SELECT ip, max(ts) AS ts, geo FROM (\n%s\n) GROUP BY ip)",
		strings.Join(members, ",\n  "), strings.Join(parts, "\n  UNION ALL\n"))
}

func swarmViews() []View {
	return []View{
		{Name: "requests", Doc: "What every source was asked and gave: new addresses against those seen before.", Columns: []Column{
			col("source", "Kind of source."), col("via", "Tracker URL, or dht."), col("ask", "What was asked."),
			col("requests", "Questions."), col("ok", "Of them answered."), col("peers", "Addresses received."),
			col("new", "Addresses not seen before in that run."), col("duplicate", "Addresses seen before."),
			col("took_ms", "Mean milliseconds to an answer."), col("seeders", "Most seeders told."),
			col("leechers", "Most leechers told."), col("completed", "Most completed downloads told."),
		}, query: `
SELECT source, via, ask, count(*) AS requests, sum(outcome = 'ok') AS ok, sum(peers) AS peers, sum("new") AS "new",
  sum(peers - "new") AS duplicate, round(avg(CASE WHEN outcome = 'ok' THEN took_ms END), 3) AS took_ms,
  max(seeders) AS seeders, max(leechers) AS leechers, max(completed) AS completed
FROM request GROUP BY source, via, ask`},
		{Name: "requests_per_hour", Doc: "The same by hour and torrent, for every kind of source.", Columns: []Column{
			col("hour", "Begin of the hour, UTC."), col("infohash", "Torrent."), col("source", "Kind of source."),
			col("requests", "Questions."), col("peers", "Addresses received."),
			col("new", "Addresses not seen before in that run."), col("duplicate", "Addresses seen before."),
		}, query: `
SELECT substr(ts, 1, 13) || ':00:00Z' AS hour, infohash, source, count(*) AS requests, sum(peers) AS peers,
  sum("new") AS "new", sum(peers - "new") AS duplicate
FROM request GROUP BY 1, 2, 3`},
		{Name: "peer_sources", Doc: "Distinct addresses by source, and how many no other source gave.", Columns: []Column{
			col("infohash", "Torrent."), col("source", "Who gave them."), col("peers", "Addresses with port."),
			col("alone", "Of them given by this source alone."),
		}, query: `
SELECT infohash, source, count(*) AS peers, sum(sources = 1) AS alone
FROM (SELECT infohash, source, count(*) OVER (PARTITION BY infohash, ip, port) AS sources
  FROM (SELECT DISTINCT infohash, source, ip, port FROM peer))
GROUP BY infohash, source`},
		{Name: "outcomes", Doc: "How conversations and attempts ended.", Columns: []Column{
			col("direction", "Who opened the connection."), col("attempt", "\"first\" or \"later\" attempt at that peer."),
			col("stage", "How far it got."), col("outcome", "How it ended."), col("visits", "Conversations and attempts."),
			col("share", "Part of that direction and attempt, 0 to 1."),
		}, query: `
SELECT direction, attempt, stage, outcome, visits,
  round(1.0 * visits / sum(visits) OVER (PARTITION BY direction, attempt), 4) AS share
FROM (SELECT direction, CASE WHEN n > 1 THEN 'later' ELSE 'first' END AS attempt, stage, outcome, count(*) AS visits
  FROM visit GROUP BY 1, 2, 3, 4)`},
		funnelView(), unfinishedView(), selectionsView(),
	}
}

func funnelView() View {
	return View{Name: "funnel", Doc: "How many peers got how far, by who opened the connection.", Columns: []Column{
		col("infohash", "Torrent."), col("direction", "\"out\": we dialled; \"in\": the peer did; \"pcap\"."),
		col("step", "Number of the step, 1 to 7."),
		col("name", "\"known\", \"dialled\", \"connected\", \"handshake\", \"settled\", \"below\" (the threshold), \"confirmed\"."),
		col("peers", "Distinct addresses with port that got there."),
	}, query: fmt.Sprintf(`
WITH seen (infohash, direction, step, ip, port) AS (
  SELECT infohash, 'out', 1, ip, port FROM peer WHERE source <> 'incoming'
  UNION SELECT infohash, direction, 1, ip, %[1]s FROM visit WHERE outcome IS NOT 'self'
  UNION SELECT infohash, direction, 2, ip, port FROM visit WHERE direction = 'out' AND outcome IS NOT 'self'
  UNION SELECT infohash, direction, 3, ip, %[1]s FROM visit WHERE stage IN ('handshake', 'open', 'settled') AND outcome IS NOT 'self'
  UNION SELECT infohash, direction, 4, ip, %[1]s FROM visit WHERE stage IN ('open', 'settled') AND outcome IS NOT 'self'
  UNION SELECT infohash, direction, step, ip, %[1]s FROM progress,
    (SELECT 1 AS step UNION SELECT 2 UNION SELECT 3 UNION SELECT 4 UNION SELECT 5)
    WHERE (settled OR step < 5) AND (direction = 'out' OR step <> 2)
  UNION SELECT infohash, direction, 6, ip, %[1]s FROM progress WHERE settled AND have < need
  UNION SELECT infohash, direction, 7, ip, port FROM download
)
SELECT infohash, direction, step, CASE step WHEN 1 THEN 'known' WHEN 2 THEN 'dialled' WHEN 3 THEN 'connected'
  WHEN 4 THEN 'handshake' WHEN 5 THEN 'settled' WHEN 6 THEN 'below' ELSE 'confirmed' END AS name, count(*) AS peers
FROM seen GROUP BY infohash, direction, step`, identityPort)}
}

// unfinishedView is what a run is continued with.
func unfinishedView() View {
	return View{Name: "unfinished", Doc: "Peers last read below the threshold and not confirmed.", Columns: []Column{
		col("infohash", "Torrent."), col("ip", "Address or its hash."), col("port", "Port where the peer listens."),
		col("ts", "Time of the last settled reading."), col("have", "Pieces at that time."),
		col("need", "Pieces at the completion threshold."), col("client", "Client and version."),
	}, query: fmt.Sprintf(`
SELECT infohash, ip, port, ts, have, need, client
FROM (SELECT infohash, ip, %s AS port, max(ts) AS ts, have, need, client
  FROM progress WHERE settled AND (direction = 'out' OR listen_port IS NOT NULL)
    AND infohash IS NOT NULL AND ip IS NOT NULL AND port IS NOT NULL AND ts IS NOT NULL GROUP BY 1, 2, 3) p
WHERE have < need AND NOT EXISTS (
  SELECT 1 FROM download d WHERE d.infohash = p.infohash AND d.ip = p.ip AND d.port = p.port)`, identityPort)}
}

// selectionsView is the downloads of those who skip files (BEP 21).
func selectionsView() View {
	return View{Name: "selections", Doc: "Peers below the threshold that were seen to get pieces until they wanted no more.", Columns: []Column{
		col("infohash", "Torrent."), col("ip", "Address or its hash."), col("port", "Port where the peer listens."),
		col("ts", "Time of the last settled reading."), col("first_have", "Fewest pieces read."), col("have", "Pieces at that time."),
		col("pieces", "Pieces of the torrent."), col("client", "Client and version."),
	}, query: fmt.Sprintf(`
SELECT l.infohash, l.ip, l.port, l.ts, f.have AS first_have, l.have, l.pieces, l.client
FROM (SELECT infohash, ip, %[1]s AS port, max(ts) AS ts, have, need, pieces, client, partial_seed
    FROM progress WHERE settled GROUP BY 1, 2, 3) l
  JOIN (SELECT infohash, ip, %[1]s AS port, min(have) AS have FROM progress WHERE settled GROUP BY 1, 2, 3) f
    ON f.infohash = l.infohash AND f.ip = l.ip AND f.port = l.port
WHERE l.partial_seed AND l.have < l.need AND f.have < l.have`, identityPort)}
}
