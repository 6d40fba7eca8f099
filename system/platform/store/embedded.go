package store

import (
	"embed"
	"fmt"
	"io/fs"
)

// Embedded gives the migrations that a package embeds from its folder `migrations`.
func Embedded(name string, files embed.FS) Migrations {
	sub, err := fs.Sub(files, "migrations")
	if err != nil {
		panic(fmt.Sprintf("embedded migrations of %s: %v", name, err)) // the path is a constant
	}
	return Migrations{Name: name, Files: sub}
}
