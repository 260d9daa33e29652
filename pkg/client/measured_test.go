package client

import (
	"bytes"
	"reflect"
	"testing"
)

// What is written is read back, in the same order and with the same values.
func TestMeasured(t *testing.T) {
	want := Measured{Clients: []MeasuredClient{
		{Family: "libtorrent", Name: "libtorrent", Version: "2.0.8", Variant: "uTP only", Cells: map[string]Cell{
			"hold_s":        {Value: 150.0, Unit: "s", N: 1, AtLeast: true},
			"reading_exact": {Value: true, N: 3, Note: "3 readings"},
			"dial_back_s":   {N: 0, Note: "none within 300 s"},
		}},
		{Family: "aria2", Name: "aria2", Version: "1.36.0", Cells: map[string]Cell{"transport": {Value: "tcp", N: 2}}},
	}}
	var text bytes.Buffer
	if err := WriteMeasured(&text, want); err != nil {
		t.Fatal(err)
	}
	got, err := ReadMeasured(&text)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

// A file that says more than this version knows is refused, not half read.
func TestMeasuredStrange(t *testing.T) {
	if _, err := ReadMeasured(bytes.NewBufferString(`{"clients":[{"name":"x","mood":"good"}]}`)); err == nil {
		t.Error("got no error for an unknown member, want one")
	}
}
