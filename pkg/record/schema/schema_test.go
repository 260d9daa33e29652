package schema_test

import (
	"encoding/json"
	"testing"

	"btkit/pkg/record"
	"btkit/pkg/record/schema"
)

func TestEveryKindAndMemberIsDocumented(t *testing.T) {
	kinds, err := schema.Kinds()
	if err != nil {
		t.Fatal(err)
	}
	if len(kinds) != len(record.Kinds()) {
		t.Errorf("%d kinds described, want %d", len(kinds), len(record.Kinds()))
	}
	for _, k := range kinds {
		if k.Doc == "" {
			t.Errorf("kind %s has no comment", k.Name)
		}
		for _, m := range k.Members {
			if m.Doc == "" {
				t.Errorf("member %s of %s has no comment", m.Name, k.Name)
			}
		}
		raw, err := schema.JSON(k)
		if err != nil || !json.Valid(raw) {
			t.Errorf("schema of %s: %v", k.Name, err)
		}
	}
}
