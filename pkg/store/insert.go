package store

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
)

// inserter writes rows through prepared statements of the driver itself: with
// some twenty values in a row, the detour through database/sql's conversion
// of every value would cost more than SQLite does.
type inserter struct {
	tables     []*Table
	statements []driver.Stmt // by table, made when first needed
	args       []driver.NamedValue
}

func newInserter(tables []*Table) *inserter {
	return &inserter{tables: tables, statements: make([]driver.Stmt, len(tables))}
}

// store writes rows in one transaction: all of them or, with an error, none.
// It gives the number of rows that were new.
func (d *DB) store(rows []row) (stored int64, err error) {
	err = d.conn.Raw(func(c any) error {
		conn, ok := c.(driver.Conn)
		if !ok {
			return fmt.Errorf("driver gives a %T for a connection", c)
		}
		stored, err = d.write.transaction(conn, rows)
		return err
	})
	return stored, explain("store in", d.path, err)
}

func (in *inserter) transaction(conn driver.Conn, rows []row) (stored int64, err error) {
	begin, ok := conn.(driver.ConnBeginTx)
	if !ok {
		return 0, fmt.Errorf("driver's %T cannot begin a transaction", conn)
	}
	tx, err := begin.BeginTx(context.Background(), driver.TxOptions{})
	if err != nil {
		return 0, err
	}
	for i := range rows {
		n, err := in.insert(conn, &rows[i])
		if err != nil {
			// SQLite has rolled back already after some errors.
			_ = tx.Rollback()
			return 0, err
		}
		stored += n
	}
	if err := tx.Commit(); err != nil {
		_ = tx.Rollback()
		return 0, err
	}
	return stored, nil
}

func (in *inserter) insert(conn driver.Conn, r *row) (int64, error) {
	statement, err := in.prepared(conn, r.table)
	if err != nil {
		return 0, err
	}
	in.args = in.args[:0]
	for i, v := range r.values {
		in.args = append(in.args, driver.NamedValue{Ordinal: i + 1, Value: v})
	}
	result, err := statement.ExecContext(context.Background(), in.args)
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}

func (in *inserter) prepared(conn driver.Conn, table int) (driver.StmtExecContext, error) {
	if in.statements[table] == nil {
		s, err := conn.Prepare(in.tables[table].insert())
		if err != nil {
			return nil, err
		}
		in.statements[table] = s
	}
	s, ok := in.statements[table].(driver.StmtExecContext)
	if !ok {
		return nil, fmt.Errorf("driver's %T cannot take named values", in.statements[table])
	}
	return s, nil
}

func (in *inserter) close() error {
	var errs []error
	for i, s := range in.statements {
		if s != nil {
			errs = append(errs, s.Close())
			in.statements[i] = nil
		}
	}
	return errors.Join(errs...)
}
