package house

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"btkit/pkg/confirm"
	"btkit/pkg/lab/check"
	"btkit/pkg/record"
)

// The recorded swarm in testdata, counted today, still gives what the lab knew
// about it.
func TestRecordedSwarmAgreesWithItsTruth(t *testing.T) {
	fold := confirm.NewFold(confirm.Options{})
	var downloads []record.Download
	readSample(t, "swarm.ndjson", func(line *record.Line) {
		if line.Type != "progress" {
			return
		}
		var p record.Progress
		if err := line.Decode(&p); err != nil {
			t.Fatal(err)
		}
		for _, r := range fold.Reading(&p) {
			if d, ok := r.(*record.Download); ok {
				downloads = append(downloads, *d)
			}
		}
	})
	var truths []record.Truth
	readSample(t, "truth.ndjson", func(line *record.Line) {
		var truth record.Truth
		if err := line.Decode(&truth); err != nil {
			t.Fatal(err)
		}
		truths = append(truths, truth)
	})
	report := check.Compare(downloads, truths, check.Options{MinStay: 3 * time.Second})
	var text bytes.Buffer
	if err := report.Print(&text); err != nil {
		t.Fatal(err)
	}
	if len(truths) != 19 || report.Eligible != 6 || report.Found != 6 || len(report.False) != 0 {
		t.Errorf("got %d truths, %d of %d found, %d false; want 19, 6 of 6, 0:\n%s", len(truths), report.Found, report.Eligible, len(report.False), &text)
	}
}

// readSample calls f with every record of a file in the top-level testdata.
func readSample(t *testing.T, name string, f func(*record.Line)) {
	t.Helper()
	file, err := os.Open(filepath.Join("..", "..", "testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	r := record.NewReader(file)
	var line record.Line
	for {
		err := r.Next(&line)
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		f(&line)
	}
}
