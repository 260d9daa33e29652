package geo

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Folders are where databases are looked for when nothing else is said.
var Folders = []string{"/usr/share/GeoIP", "/var/lib/GeoIP", "/usr/local/share/GeoIP"}

// Hint says how to come by a database.
const Hint = "put GeoLite2-City.mmdb and GeoLite2-ASN.mmdb (free account at maxmind.com) or " +
	"dbip-city-lite and dbip-asn-lite (db-ip.com, unpack the .gz) into /var/lib/GeoIP, or name files with --db FILE or $BT_GEOIP"

// ErrNoDatabase says that no database was found.
var ErrNoDatabase = errors.New("no GeoIP database found")

// contents are the kinds of databases that can stand beside each other. Of
// each kind the best one found is used; what a later kind knows only fills in
// what the earlier ones leave open.
var contents = []string{"city", "country", "asn", "isp"}

// publishers in the order of preference, by the beginning of the file name.
var publishers = []string{"geoip2", "geolite2", "dbip"}

// Find lists the database files to open: those given (files, or folders to
// look into), else those of list (the value of $BT_GEOIP: files and folders
// separated by ":"), else those in the usual folders. Folders that are not
// there count as empty.
func Find(given []string, list string, usual []string) ([]string, error) {
	where := given
	if len(where) == 0 {
		where = filepath.SplitList(list)
	}
	if len(where) == 0 {
		where = usual
	}
	var files []string
	var found []candidate
	for _, path := range where {
		info, err := os.Stat(path)
		switch {
		case errors.Is(err, fs.ErrNotExist) && len(given) == 0:
			continue
		case err != nil:
			return nil, fmt.Errorf("find databases: %w", err)
		case !info.IsDir():
			files = append(files, path)
			continue
		}
		more, err := inFolder(path)
		if err != nil {
			return nil, err
		}
		found = append(found, more...)
	}
	files = append(files, best(found)...)
	if len(files) == 0 {
		return nil, fmt.Errorf("%w in %s", ErrNoDatabase, strings.Join(where, ", "))
	}
	return files, nil
}

// candidate is a database file in a folder, judged by its name.
type candidate struct {
	path, name         string
	content, publisher int
}

func inFolder(folder string) ([]candidate, error) {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return nil, fmt.Errorf("find databases: %w", err)
	}
	var found []candidate
	for _, e := range entries {
		name := strings.ToLower(e.Name())
		content := slices.IndexFunc(contents, func(c string) bool { return strings.Contains(name, c) })
		if filepath.Ext(name) != ".mmdb" || content < 0 {
			continue
		}
		publisher := slices.IndexFunc(publishers, func(p string) bool { return strings.HasPrefix(name, p) })
		if publisher < 0 {
			publisher = len(publishers)
		}
		found = append(found, candidate{filepath.Join(folder, e.Name()), name, content, publisher})
	}
	return found, nil
}

// best picks one file per kind: from the preferred publisher, and of several
// editions the one whose name sorts last, since dates stand in names. What is
// alike is left in the order of the folders.
func best(found []candidate) []string {
	slices.SortStableFunc(found, func(a, b candidate) int {
		return cmp.Or(cmp.Compare(a.content, b.content), cmp.Compare(a.publisher, b.publisher), cmp.Compare(b.name, a.name))
	})
	var files []string
	for i, c := range found {
		if i == 0 || c.content != found[i-1].content {
			files = append(files, c.path)
		}
	}
	return files
}
