package main

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"btkit/pkg/cmdline"
	"btkit/pkg/lab"
	"btkit/pkg/lab/check"
	"btkit/pkg/record"
)

// compare holds what was measured against the truth.
func compare(s *cmdline.Session) error {
	measured, path := s.String("check"), truthPath(s)
	truths, err := check.Truths(path)
	if err != nil {
		return &cmdline.Hinted{Err: err, Hint: "--truth FILE names the file that bt-lab wrote"}
	}
	downloads, err := check.Downloads(measured)
	if err != nil {
		return err
	}
	r := check.Compare(downloads, truths, check.Options{MinStay: minStay(s), MinBelow: s.Duration("min-below"), MinFree: s.Duration("min-free"),
		Recall: s.Float64("recall"), RecallNAT: s.Float64("recall-nat"), Breaches: s.Int64("breaches")})
	if err := r.Print(os.Stdout); err != nil {
		return fmt.Errorf("write report: %w", err)
	}
	again, err := seconds(s, measured, truths)
	if err != nil {
		return err
	}
	fmt.Fprintf(os.Stdout, "%-11s%s\n%-11s%s\n", "measured", measured, "truth in", path)
	err = both(r.Err(), again)
	if errors.Is(err, check.ErrNothing) {
		return &cmdline.Hinted{Err: err, Hint: "a smaller --min-stay here, or a longer --duration of the play"}
	}
	return err
}

// both puts two errors into one line; either may be nil.
func both(a, b error) error {
	if a == nil || b == nil {
		return cmp.Or(a, b)
	}
	return fmt.Errorf("%w; %w", a, b)
}

func truthPath(s *cmdline.Session) string {
	switch {
	case s.String("truth") != "":
		return s.String("truth")
	case s.String("dir") != "":
		return filepath.Join(s.String("dir"), lab.TruthFile)
	}
	return filepath.Join(filepath.Dir(s.String("check")), lab.TruthFile)
}

// seconds tells of second readings, if that is wanted; verdict says that they
// were too few.
func seconds(s *cmdline.Session, measured string, truths []record.Truth) (verdict, err error) {
	span := s.Duration("second")
	if span <= 0 {
		return nil, nil
	}
	readings, err := check.Readings(measured)
	if err != nil {
		return nil, err
	}
	r := check.SecondReadings(readings, truths, span, s.Float64("second-share"))
	if _, err := fmt.Fprint(os.Stdout, r.Text()); err != nil {
		return nil, fmt.Errorf("write report: %w", err)
	}
	return r.Err(), nil
}
