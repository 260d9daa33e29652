package dht

import "time"

// plan says how far a lookup goes.
type plan struct {
	width    int           // closest live nodes that are to answer
	patience int           // newly asked nodes without a new peer, then it stops widening
	explore  int           // most questions that only look for more nodes
	queries  int           // most queries in all
	limit    time.Duration // longest time
	repeat   bool          // ask nodes again whose answer looked cut
	control  bool          // put a control question to every node that names peers
}

// Announces lie scattered over more than the 8 closest nodes, so even a plain
// lookup widens a little after the first values.
var (
	plainPlan      = plan{width: 20, patience: 8, explore: 12, queries: 200, limit: 30 * time.Second}
	exhaustivePlan = plan{width: 64, patience: 24, explore: 64, queries: 1000, limit: 3 * time.Minute, repeat: true}
)

const (
	alpha      = 4                      // queries open at once, as long as nodes are quick
	maxAlpha   = 8                      // and when they are slow
	maxFlights = 24                     // with those given up, whose answers still count
	slowAfter  = time.Second            // a query this old no longer holds a slot
	staleAfter = 3 * time.Second        // the lookup goes on as if the node were dead
	lateUntil  = 10 * time.Second       // answers count until then
	fullPause  = 100 * time.Millisecond // when no place for a query is free
)

// exploreIdle ends the search for more nodes: so many questions in a row found
// none.
const exploreIdle = 6

const (
	maxPutOff   = 5 * time.Second // longer waits for a node's turn are not worth it
	repeatGap   = 2 * time.Second // between two answers of a node that looked cut
	maxRepeats  = 8
	cutValues   = 50   // so many values look cut …
	cutBytes    = 1000 // … and so does a datagram this full
	quietShare  = 0.02 // of new addresses in an answer
	quietEnough = 2    // such answers in a row
)
