package store

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
)

// maxShapes bounds the prepared statements. Records of one kind come in a few
// shapes; only a stranger's come in any.
const maxShapes = 256

// shape is a table and which of its columns have a value: binding NULLs would
// take a third of the time.
type shape struct {
	table int
	set   uint64 // bit i for column i
}

// inserter writes rows through prepared statements of the driver itself: with
// some twenty values in a row, the detour through database/sql's conversion
// of every value would cost more than SQLite does.
type inserter struct {
	tables     []*Table
	statements map[shape]driver.Stmt
	args       []driver.NamedValue
}

func newInserter(tables []*Table) *inserter {
	return &inserter{tables: tables, statements: map[shape]driver.Stmt{}}
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
	of := shape{table: r.table}
	in.args = in.args[:0]
	for i, v := range r.values {
		if v != nil {
			of.set |= 1 << i
			in.args = append(in.args, driver.NamedValue{Ordinal: len(in.args) + 1, Value: v})
		}
	}
	statement, err := in.prepared(conn, of)
	if err != nil {
		return 0, err
	}
	result, err := statement.ExecContext(context.Background(), in.args)
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}

func (in *inserter) prepared(conn driver.Conn, of shape) (driver.StmtExecContext, error) {
	s, ok := in.statements[of]
	if !ok {
		if len(in.statements) >= maxShapes {
			if err := in.close(); err != nil {
				return nil, err
			}
		}
		var err error
		if s, err = conn.Prepare(in.tables[of.table].insert(of.set)); err != nil {
			return nil, err
		}
		in.statements[of] = s
	}
	exec, ok := s.(driver.StmtExecContext)
	if !ok {
		return nil, fmt.Errorf("driver's %T cannot take named values", s)
	}
	return exec, nil
}

// close lets go of all statements; they are made again when needed.
func (in *inserter) close() error {
	var errs []error
	for _, s := range in.statements {
		errs = append(errs, s.Close())
	}
	clear(in.statements)
	return errors.Join(errs...)
}
