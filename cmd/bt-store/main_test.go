package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"btkit/pkg/script"
	"btkit/pkg/store"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"bt-store": main,
		"query":    queryMain,
		"hold":     holdMain,
		"make-db":  makeMain,
	})
}

func TestScripts(t *testing.T) {
	script.Run(t, nil)
}

// queryMain prints the rows that a query gives: query DATABASE SQL.
func queryMain() { must(query(os.Stdout, os.Args[1], os.Args[2])) }

func query(out io.Writer, path, text string) error {
	db, err := store.OpenReader(context.Background(), path)
	if err != nil {
		return err
	}
	defer db.Close()
	rows, err := db.Query(text)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		columns, err := rows.Columns()
		if err != nil {
			return err
		}
		values, into := make([]sql.NullString, len(columns)), make([]any, len(columns))
		for i := range values {
			into[i] = &values[i]
		}
		if err := rows.Scan(into...); err != nil {
			return err
		}
		texts := make([]string, len(values))
		for i, v := range values {
			texts[i] = v.String
		}
		if _, err := fmt.Fprintln(out, strings.Join(texts, "|")); err != nil {
			return err
		}
	}
	return rows.Err()
}

// holdMain runs a command while it holds the write lock: hold DATABASE
// bt-store ARGUMENT...; the exit code is the command's.
func holdMain() {
	db, err := sql.Open("sqlite", os.Args[1]+"?_txlock=immediate")
	must(err)
	tx, err := db.Begin()
	must(err)
	_, err = tx.Exec("CREATE TABLE held (x)")
	must(err)
	os.Args = os.Args[2:]
	main()
}

// makeMain makes a database as another program would: make-db FILE SQL.
func makeMain() {
	db, err := sql.Open("sqlite", os.Args[1])
	must(err)
	_, err = db.Exec(os.Args[2])
	must(errors.Join(err, db.Close()))
}

func must(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
