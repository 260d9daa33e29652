// Package manners says whom the toolkit may contact and how fast: address
// rules, block lists, a limit per remote network, a pace for new connections,
// growing delays between attempts, and how many descriptors there are to
// spend.
//
// It opens no socket and never sleeps. The clock and chance are arguments, so
// an owner loop can ask "when may I?" and do something else meanwhile. What to
// do with a refusal is left to the caller; it comes as an outcome.
package manners
