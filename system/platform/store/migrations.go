package store

import "io/fs"

// Migrations is one set of goose files (`00001_orders.sql`, …) with a version table of its own, so that a package such
// as events can bring its tables into any service's database.
type Migrations struct {
	// Name is a lower-case word, such as "order"; the version table is goose_<name>.
	Name string
	// Files holds the files at its top.
	Files fs.FS
}
