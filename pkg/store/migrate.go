package store

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
)

// metaTable holds what must be known of the database as a whole.
const metaTable = `CREATE TABLE IF NOT EXISTS meta ( -- What must be known of the database as a whole.
  name TEXT PRIMARY KEY, -- "addresses" or "key_check".
  value TEXT -- "hashed" or "kept"; a fingerprint of the key used last, which does not give it away.
)`

// migrate makes or completes tables and views in one transaction, and checks
// that addresses are kept in the same way as before.
func (d *DB) migrate(ctx context.Context, o Options) error {
	tx, err := d.conn.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	if err := d.migrateIn(ctx, tx, o); err != nil {
		return errors.Join(err, tx.Rollback())
	}
	return tx.Commit()
}

func (d *DB) migrateIn(ctx context.Context, tx *sql.Tx, o Options) error {
	mark := fmt.Sprintf("PRAGMA application_id = %d; PRAGMA user_version = %d", applicationID, schemaVersion)
	for _, statement := range []string{mark, metaTable} {
		if _, err := tx.ExecContext(ctx, statement); err != nil {
			return err
		}
	}
	if err := d.checkAddresses(ctx, tx, o); err != nil {
		return err
	}
	for _, t := range Tables() {
		if err := ensureTable(ctx, tx, t); err != nil {
			return fmt.Errorf("table %s: %w", t.Name, err)
		}
	}
	for _, v := range Views() {
		if err := ensureView(ctx, tx, &v); err != nil {
			return fmt.Errorf("view %s: %w", v.Name, err)
		}
	}
	return nil
}

// ensureTable makes the table, or adds the columns that members added to the
// kind since then ask for.
func ensureTable(ctx context.Context, tx *sql.Tx, t *Table) error {
	has, err := columnsOf(ctx, tx, t.Name)
	if err != nil {
		return err
	}
	if len(has) == 0 {
		_, err := tx.ExecContext(ctx, t.create())
		return err
	}
	for _, c := range t.Columns {
		if has[c.Name] {
			continue
		}
		add := fmt.Sprintf("ALTER TABLE %s ADD COLUMN %s %s", quote(t.Name), quote(c.Name), c.Type)
		if _, err := tx.ExecContext(ctx, add); err != nil {
			return err
		}
	}
	return nil
}

func columnsOf(ctx context.Context, tx *sql.Tx, table string) (map[string]bool, error) {
	rows, err := tx.QueryContext(ctx, "SELECT name FROM pragma_table_info(?)", table)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	has := map[string]bool{}
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			return nil, err
		}
		has[name] = true
	}
	return has, rows.Err()
}

// ensureView replaces the view if it reads otherwise than ours.
func ensureView(ctx context.Context, tx *sql.Tx, v *View) error {
	var was string
	err := tx.QueryRowContext(ctx, "SELECT sql FROM sqlite_schema WHERE type = 'view' AND name = ?", v.Name).Scan(&was)
	if err == nil && was == v.create() {
		return nil
	}
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return err
	}
	if _, err := tx.ExecContext(ctx, "DROP VIEW IF EXISTS "+quote(v.Name)); err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, v.create())
	return err
}

// checkAddresses refuses to mix hashed and kept addresses, and notes the key.
func (d *DB) checkAddresses(ctx context.Context, tx *sql.Tx, o Options) error {
	way := "hashed"
	if o.KeepIP {
		way = "kept"
	}
	was, err := setMeta(ctx, tx, "addresses", way)
	if err != nil {
		return err
	}
	if was != "" && was != way {
		return addressesDiffer(d.path, was)
	}
	if o.KeepIP {
		return nil
	}
	check := fingerprint(o.Key)
	was, err = setMeta(ctx, tx, "key_check", check)
	d.OtherKey = was != "" && was != check
	return err
}

func addressesDiffer(path, was string) error {
	hint := "leave out --keep-ip, or give the name of a new file"
	if was == "kept" {
		hint = "give --keep-ip, or the name of a new file"
	}
	return &Problem{fmt.Errorf("open %q: %w: there they are %s", path, ErrAddresses, was), hint}
}

// setMeta sets a value and gives the one before it, "" if there was none.
func setMeta(ctx context.Context, tx *sql.Tx, name, value string) (was string, err error) {
	err = tx.QueryRowContext(ctx, "SELECT value FROM meta WHERE name = ?", name).Scan(&was)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return "", err
	}
	_, err = tx.ExecContext(ctx, "INSERT OR REPLACE INTO meta VALUES (?, ?)", name, value)
	return was, err
}

// fingerprint tells keys apart without giving them away.
func fingerprint(key []byte) string {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte("bt-store key check"))
	return hex.EncodeToString(mac.Sum(nil)[:8])
}
