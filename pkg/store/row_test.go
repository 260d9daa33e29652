package store

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"reflect"
	"strings"
	"testing"
	"time"

	"btkit/pkg/record"
)

func sameType(a, b record.Record) bool { return reflect.TypeOf(a) == reflect.TypeOf(b) }

// fillStruct gives every field a value of its own that is not zero.
func fillStruct(v reflect.Value, n *int) {
	*n++
	switch x := v.Addr().Interface().(type) {
	case *time.Time:
		*x = testTime.Add(time.Duration(*n) * time.Second)
		return
	case *netip.Addr:
		*x = netip.AddrFrom4([4]byte{127, 0, 1, byte(*n)})
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			fillStruct(v.Field(i), n)
		}
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fillStruct(v.Elem(), n)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		fillStruct(v.Index(0), n)
		fillStruct(v.Index(1), n)
	case reflect.Map:
		v.Set(reflect.ValueOf(map[string]int64{"a \"quoted\"": int64(*n), "b": 2}))
	case reflect.String:
		v.SetString(fmt.Sprintf("text %d \\ \" é", *n))
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Float64:
		v.SetFloat(float64(*n) + 0.25)
	case reflect.Uint16, reflect.Uint64:
		v.SetUint(uint64(*n))
	default:
		v.SetInt(int64(*n))
	}
}

// columnText is how a decoded member should stand in its column.
func columnText(t *testing.T, raw json.RawMessage) string {
	t.Helper()
	switch raw[0] {
	case '"':
		var s string
		if err := json.Unmarshal(raw, &s); err != nil {
			t.Fatal(err)
		}
		return s
	case 't':
		return "1"
	case 'f':
		return "0"
	}
	return string(raw)
}

func TestEveryMemberHasItsColumn(t *testing.T) {
	path := tempDB(t)
	var all []record.Record
	for _, kind := range record.Kinds() {
		r, n := record.New(kind), 0
		fillStruct(reflect.ValueOf(r).Elem(), &n)
		all = append(all, r)
	}
	texts := lines(all...)
	fill(t, path, Options{KeepIP: true}, texts...)
	for i, kind := range record.Kinds() {
		var members map[string]json.RawMessage
		if err := json.Unmarshal([]byte(texts[i]), &members); err != nil {
			t.Fatal(err)
		}
		delete(members, "type")
		columns, want := []string{"extra IS NULL"}, []string{"1"}
		for name, raw := range members {
			columns, want = append(columns, quote(name)), append(want, columnText(t, raw))
		}
		wantRows(t, path, fmt.Sprintf("SELECT %s FROM %s", strings.Join(columns, ", "), quote(kind)), strings.Join(want, "|"))
	}
}

func TestRowRejects(t *testing.T) {
	cases := map[string]struct {
		line string
		ok   bool
	}{
		"address":           {`{"type":"peer","ip":"127.0.0.1"}`, true},
		"no address":        {`{"type":"peer","ip":"localhost"}`, false},
		"empty address":     {`{"type":"peer","ip":""}`, false},
		"null":              {`{"type":"peer","ip":null,"ts":null}`, true},
		"no time":           {`{"type":"peer","ts":"yesterday"}`, false},
		"time with offset":  {`{"type":"peer","ts":"2026-11-21T01:01:02+02:00"}`, true},
		"huge number":       {`{"type":"visit","took_ms":1e999}`, false},
		"unknown kind":      {`{"type":"weather","ip":"localhost","ts":5,"seq":"x"}`, true},
		"no kind":           {`{}`, true},
		"bad, then a good":  {`{"type":"peer","ip":"x","ip":"127.0.0.1"}`, false},
		"escapes in a name": {`{"type":"peer","\u0069p":"127.0.0.1"}`, true},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			l, err := record.ParseLine([]byte(c.line))
			if err != nil {
				t.Fatal(err)
			}
			_, err = newBuilder(newVeil(testKey)).build(l)
			if (err == nil) != c.ok {
				t.Errorf("build(%s) = %v, want ok %v", c.line, err, c.ok)
			}
			if err != nil && !errors.Is(err, record.ErrNotRecord) {
				t.Errorf("error %v does not wrap ErrNotRecord", err)
			}
		})
	}
}

func TestUnknownMembersAndKindsAreKept(t *testing.T) {
	path := tempDB(t)
	visit := `{"type":"visit","v":1,"ts":"2026-11-20T23:01:02.5Z","by":"bt-probe","run":"aa","seq":1,` +
		`"geo":{"country":"SE","n":12345678901234567890},"extra":[1.0e2],"q\"uote":null,"Port":"x"}`
	weather := `{ "type":"weather","v":9,"ts":7,"by":"bt-weather","run":"bb","seq":3, "temperature":-1.50 }`
	bare := `{"no":"kind"}`
	fill(t, path, Options{}, visit, weather, bare)
	wantRows(t, path, "SELECT extra, ts, port FROM visit",
		`{"geo":{"country":"SE","n":12345678901234567890},"extra":[1.0e2],"q\"uote":null,"Port":"x"}|2026-11-20T23:01:02.500000Z|`)
	wantRows(t, path, `SELECT type, v, ts, "by", run, seq, json FROM record ORDER BY type DESC`,
		"weather|9||bt-weather|bb|3|"+weather, "||||||"+bare)
}

func TestStoringTwiceIsHarmless(t *testing.T) {
	path := tempDB(t)
	keyed := `{"type":"peer","by":"a","run":"r","seq":1,"port":5}`
	unknown := `{"type":"x","by":"a","run":"r","seq":1}`
	other := `{"type":"peer","by":"a","run":"s","seq":1,"port":6}`
	keyless := `{"type":"peer","by":"a","port":7}`
	first := fill(t, path, Options{}, keyed, unknown, keyless, keyed)
	if want := (Counts{Stored: 3, Duplicate: 1}); first != want {
		t.Errorf("first run: got %+v, want %+v", first, want)
	}
	second := fill(t, path, Options{}, keyed, unknown, other, keyless)
	if want := (Counts{Stored: 2, Duplicate: 2}); second != want {
		t.Errorf("second run: got %+v, want %+v", second, want)
	}
	wantRows(t, path, "SELECT port FROM peer ORDER BY port", "5", "6", "7", "7")
	wantRows(t, path, "SELECT count(*) FROM record", "1")
}

// TestManyShapes stores more combinations of members than statements are kept.
func TestManyShapes(t *testing.T) {
	path := tempDB(t)
	names := []string{"v", "seq", "port", "flags"}
	texts := []string{`"by":"b"`, `"run":"r"`, `"infohash":"aa"`, `"source":"dht"`, `"via":"x"`}
	var all []string
	for set := range 1 << (len(names) + len(texts)) {
		line := `{"type":"peer"`
		for i, name := range names {
			if set&(1<<i) != 0 {
				line += fmt.Sprintf(",%q:%d", name, set)
			}
		}
		for i, text := range texts {
			if set&(1<<(len(names)+i)) != 0 {
				line += "," + strings.Replace(text, `:"`, fmt.Sprintf(`:"%d `, set), 1)
			}
		}
		all = append(all, line+"}")
	}
	if len(all) <= maxShapes {
		t.Fatalf("%d shapes, want more than %d", len(all), maxShapes)
	}
	if got, want := fill(t, path, Options{KeepIP: true}, append(all, all...)...), int64(len(all)); got.Stored != 2*want-want/8 || got.Duplicate != want/8 {
		t.Errorf("got %+v, want an eighth of %d again as duplicates", got, want)
	}
	wantRows(t, path, `SELECT count(*) FROM peer WHERE flags IS NOT NULL AND via LIKE flags || ' x'`, fmt.Sprint(2*len(all)/4-len(all)/32))
}

func TestTablesSayWhatTheyHold(t *testing.T) {
	for _, table := range Tables() {
		create := table.create()
		if len(table.Columns) > maxColumns {
			t.Errorf("table %s has %d columns, want at most %d", table.Name, len(table.Columns), maxColumns)
		}
		if table.Doc == "" {
			t.Errorf("table %s does not say what it holds", table.Name)
		}
		for _, c := range table.Columns {
			if !strings.Contains(create, quote(c.Name)+" "+c.Type) || c.Doc == "" {
				t.Errorf("table %s: %s is missing or not described in\n%s", table.Name, c.Name, create)
			}
		}
	}
}

// FuzzLine: whatever parses as a record line is stored, or refused as
// ErrNotRecord if its kind cannot be decoded, and nothing else happens.
func FuzzLine(f *testing.F) {
	for _, seed := range []string{
		`{}`, `{"type":"peer","v":1,"ts":"2026-11-20T23:01:02.123456Z","by":"b","run":"r","seq":1,"ip":"127.0.0.1","port":1,"via":"[::1]:5"}`,
		`{"type":"visit","messages":{"have":3},"oddities":["at 127.0.0.1."],"\u0000":"\ud800","peer_id":""}`,
		`{"type":"weather","peer_id":{"x":"127.0.0.1:80"},"seq":1e3,"127.0.0.1":"::1"}`,
		`{"type":"progress","settled":true,"settled":false,"extra":{"extra":[]},"json":"\""}`,
		`{"type":"torrent","trackers":[["udp://127.0.0.1:5"]],"peers":["127.0.0.1:5"],"private":null}`,
	} {
		f.Add([]byte(seed))
	}
	db := openDB(f, tempDB(f), Options{})
	f.Cleanup(func() {
		if err := db.Close(); err != nil {
			f.Error(err)
		}
	})
	b := newBuilder(db.veil)
	f.Fuzz(func(t *testing.T, raw []byte) {
		l, err := record.ParseLine(raw)
		if err != nil {
			return
		}
		built, err := b.build(l)
		into := record.New(l.Type)
		if err != nil && (into == nil || l.Decode(into) == nil) {
			t.Fatalf("build refuses what can be decoded: %v", err)
		}
		if err != nil {
			if !errors.Is(err, record.ErrNotRecord) {
				t.Fatalf("error %v does not wrap ErrNotRecord", err)
			}
			return
		}
		if n, err := db.store([]row{built}); err != nil || n > 1 {
			t.Fatalf("stored %d rows: %v", n, err)
		}
		if text, ok := built.values[len(built.values)-1].(string); ok && !json.Valid([]byte(text)) {
			t.Fatalf("extra or json is not JSON: %s", text)
		}
	})
}
