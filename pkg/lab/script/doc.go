// Package script writes the play of a lab swarm before it begins: who is there,
// with which client, when each peer comes, how fast it downloads, when it goes.
// The same seed gives the same play; nothing here looks at a clock or touches
// the network.
//
// Acting it out is left to package swarm.
package script
