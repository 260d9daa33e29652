package store

func (t *Table) document(kind string) {}
