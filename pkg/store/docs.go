package store

import (
	"sync"

	"btkit/pkg/record/schema"
)

// meanings gives what the comments of package record say of every kind.
var meanings = sync.OnceValue(func() map[string]schema.Kind {
	byName := map[string]schema.Kind{}
	kinds, err := schema.Kinds()
	if err != nil {
		return byName // the tables work without words; a test wants the words
	}
	for _, k := range kinds {
		byName[k.Name] = k
	}
	return byName
})

// document puts the comments of a kind to its table and columns.
func (t *Table) document(kind string) {
	k := meanings()[kind]
	t.Doc = k.Doc
	doc := map[string]string{}
	for _, m := range k.Members {
		doc[m.Name] = m.Doc
	}
	for i := range t.Columns {
		if c := &t.Columns[i]; c.Doc == "" {
			c.Doc = doc[c.Name]
		}
	}
}
