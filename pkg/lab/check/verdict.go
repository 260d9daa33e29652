package check

import (
	"errors"
	"fmt"
)

func one(is bool) int {
	if is {
		return 1
	}
	return 0
}

// Recall is the share of the due completions that were confirmed, of peers that
// take connections; 1 if none was due.
func (r *Report) Recall() float64 { return ratio(r.FoundOpen, r.EligibleOpen) }

// RecallNAT is the same of all peers, with those that only dial out or come out
// when a relay asks them to.
func (r *Report) RecallNAT() float64 { return ratio(r.Found, r.Eligible) }

func ratio(n, of int) float64 {
	if of == 0 {
		return 1
	}
	return float64(n) / float64(of)
}

// ErrNothing says that no completion had to be found, so that any result passes.
var ErrNothing = errors.New("nothing had to be found: this proves nothing")

// Err says why the comparison fails; nil if it does not.
func (r *Report) Err() error {
	var err error
	add := func(more error) {
		if err != nil {
			more = fmt.Errorf("%w; %w", err, more)
		}
		err = more
	}
	if n := len(r.False); n > 0 {
		add(errors.New(plural(n, "false confirmation")))
	}
	if r.Recall() < r.Options.Recall {
		add(fmt.Errorf("recall %.4f is below %.4f", r.Recall(), r.Options.Recall))
	}
	if r.RecallNAT() < r.Options.RecallNAT {
		add(fmt.Errorf("recall %.4f with those that only dial out is below %.4f", r.RecallNAT(), r.Options.RecallNAT))
	}
	if n := r.Breaches(); r.Options.Breaches >= 0 && n > r.Options.Breaches {
		add(fmt.Errorf("%s of manners, at most %d wanted", plural(int(n), "breach"), r.Options.Breaches))
	}
	switch {
	case r.Crossed == 0:
		add(fmt.Errorf("nobody crossed the threshold, so %w", ErrNothing))
	case r.Eligible == 0:
		add(ErrNothing)
	}
	return err
}
