package schema_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"btkit/pkg/record/schema"
)

// rules is the part of JSON Schema that our schemas use. Anything else in a
// schema is an error here, so that no rule goes unchecked.
type rules struct {
	Schema      string           `json:"$schema"`
	Title       string           `json:"title"`
	Description string           `json:"description"`
	Type        string           `json:"type"`
	Required    []string         `json:"required"`
	Properties  map[string]rules `json:"properties"`
	Additional  *bool            `json:"additionalProperties"`
	Minimum     *int64           `json:"minimum"`
	Maximum     *int64           `json:"maximum"`
	Const       any              `json:"const"`
}

func TestSchemasAcceptTheGoldenRecords(t *testing.T) {
	for kind, s := range schemas(t) {
		text, err := os.ReadFile(filepath.Join("..", "testdata", "golden", kind+".ndjson"))
		if err != nil {
			t.Fatal(err)
		}
		for _, line := range bytes.Split(bytes.TrimSpace(text), []byte("\n")) {
			if err := s.object(line); err != nil {
				t.Errorf("%s: %v in %s", kind, err, line)
			}
		}
	}
}

func TestSchemasRefuseWhatAReaderRefuses(t *testing.T) {
	const header = `"v":1,"ts":"","by":"","run":"","seq":1`
	cases := map[string]struct{ kind, line string }{
		"another kind":     {"listen", `{"type":"peer",` + header + `,"ip":"","port":1,"peer_id":""}`},
		"text as a number": {"listen", `{"type":"listen",` + header + `,"ip":"","port":"1","peer_id":""}`},
		"beyond the range": {"listen", `{"type":"listen",` + header + `,"ip":"","port":65536,"peer_id":""}`},
		"below the range":  {"listen", `{"type":"listen",` + header + `,"ip":"","port":-1,"peer_id":""}`},
		"fraction":         {"listen", `{"type":"listen",` + header + `,"ip":"","port":1.5,"peer_id":""}`},
		"member missing":   {"listen", `{"type":"listen",` + header + `,"ip":"","port":1}`},
		"no object":        {"listen", `[]`},
	}
	all := schemas(t)
	for name, c := range cases {
		if s := all[c.kind]; s.object([]byte(c.line)) == nil {
			t.Errorf("%s: the schema of %s accepts %s", name, c.kind, c.line)
		}
	}
}

func schemas(t *testing.T) map[string]rules {
	t.Helper()
	kinds, err := schema.Kinds()
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]rules{}
	for _, k := range kinds {
		raw, err := schema.JSON(k)
		if err != nil {
			t.Fatal(err)
		}
		var s rules
		decoder := json.NewDecoder(bytes.NewReader(raw))
		decoder.DisallowUnknownFields()
		if err := decoder.Decode(&s); err != nil {
			t.Fatalf("schema of %s: %v", k.Name, err)
		}
		all[k.Name] = s
	}
	return all
}

// object checks a record against the schema of its kind.
func (s rules) object(raw []byte) error {
	var members map[string]any
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	if err := decoder.Decode(&members); err != nil || s.Type != "object" {
		return fmt.Errorf("not an object: %w", err)
	}
	for _, name := range s.Required {
		if _, ok := members[name]; !ok {
			return fmt.Errorf("member %s is missing", name)
		}
	}
	for name, value := range members {
		rule, ok := s.Properties[name]
		if !ok && (s.Additional == nil || !*s.Additional) {
			return fmt.Errorf("member %s is not allowed", name)
		}
		if ok {
			if err := rule.value(value); err != nil {
				return fmt.Errorf("member %s: %w", name, err)
			}
		}
	}
	return nil
}

func (s rules) value(value any) error {
	if s.Const != nil && value != s.Const {
		return fmt.Errorf("%v, expected %v", value, s.Const)
	}
	number, isNumber := value.(json.Number)
	var ok bool
	switch s.Type {
	case "string":
		_, ok = value.(string)
	case "boolean":
		_, ok = value.(bool)
	case "array":
		_, ok = value.([]any)
	case "object":
		_, ok = value.(map[string]any)
	case "number":
		ok = isNumber
	case "integer":
		n, err := number.Int64()
		if err == nil && (s.Minimum != nil && n < *s.Minimum || s.Maximum != nil && n > *s.Maximum) {
			return fmt.Errorf("%d is not from %d to %d", n, *s.Minimum, *s.Maximum)
		}
		ok = isNumber && err == nil
	}
	if !ok {
		return fmt.Errorf("%v is not of type %s", value, s.Type)
	}
	return nil
}
