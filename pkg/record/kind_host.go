package record

import "net/netip"

// Host is the answer to the question whose an address is by its host name.
// bt-geo --rdns writes one when the answer comes; later records of the address
// carry the domain in their geo member.
type Host struct {
	Header
	// Address asked about.
	IP netip.Addr `json:"ip"`
	// Registrable domain of its host name, such as "example.co.uk".
	Domain string `json:"domain,omitempty"`
	// How the question ended, from the closed list of outcomes; "not-found" if
	// the address has no name.
	Outcome string `json:"outcome"`
	// Milliseconds from question to answer.
	TookMS float64 `json:"took_ms"`
}
