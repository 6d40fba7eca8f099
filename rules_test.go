// Package stormglass holds what is true of the whole repository; tests keep it so.
package stormglass

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// services are the shop's own packages.
var services = []string{"gateway", "user", "product", "cart", "order", "inventory", "payment", "shipping", "notification"}

// layers are the platform's packages from the lowest to the highest; each may import those that stand before it.
var layers = []string{"servers", "backendtest", "problem", "money", "cardnumber", "mailaddress", "telemetry", "boot", "resilience", "store", "auth", "rpc", "events", "work", "service"}

// allowed says which of the repository's packages a package may import, both as paths below the module's root.
func allowed(from, to string) bool {
	inside := func(p string, roots ...string) bool {
		return slices.ContainsFunc(roots, func(root string) bool { return p == root || strings.HasPrefix(p, root+"/") })
	}
	switch {
	case inside(to, "internal/nottested"): // for packages that only tests import
		return inside(from, "system/platform/backendtest", "chaos/evidence/evidencetest")
	case inside(to, "internal/await"): // likewise
		return inside(from, "internal/await", "system/platform/events/eventstest")
	case inside(to, "internal/ports"): // for the harness, and for packages that only tests import
		return inside(from, "internal/ports", "chaos/cell", "system/platform/backendtest", "system/platform/events/eventstest")
	case inside(from, "system/platform"):
		return inside(to, "system/platform") && rank(to) <= rank(from)
	case inside(from, "system/standins"):
		return inside(to, "system/standins", "system/platform/boot", "system/platform/servers")
	case inside(from, "system/cmd/standins"):
		return inside(to, "system/standins", "system/platform/boot", "system/platform/servers")
	case inside(from, "system/cmd/shop"):
		return inside(to, "system/platform", "system/api", "system/cmd/shop") || slices.Contains(services, path.Base(to)) && path.Dir(to) == "system"
	case inside(from, "system/api"):
		return inside(to, "system/api", "system/platform")
	case inside(from, "system"):
		own := strings.Join(strings.Split(from, "/")[:2], "/")
		return inside(to, "system/api", "system/platform", own)
	case inside(from, "chaos/cmd/stormglass"):
		return inside(to, "chaos", "scenarios/shop")
	case inside(from, "chaos"):
		return inside(to, "chaos")
	case inside(from, "scenarios"):
		return inside(to, "chaos", "scenarios", "system/api", "system/platform/money", "system/platform/events", "system/platform/resilience", "system/platform/telemetry")
	case inside(from, "compose"):
		return inside(to, "compose", "chaos/system")
	case inside(from, "dashboards", "alerts"):
		return inside(to, "dashboards", "alerts", "system/platform/telemetry")
	}
	return false
}

// rank is a platform package's layer.
func rank(p string) int { return slices.Index(layers, strings.Split(p, "/")[2]) }

func TestEveryPackageImportsOnlyWhatItMay(t *testing.T) {
	files := 0
	for name, file := range sources(t, parser.ImportsOnly) {
		files++
		from := path.Dir(name)
		for _, spec := range file.Imports {
			to, ours := strings.CutPrefix(strings.Trim(spec.Path.Value, `"`), "stormglass/")
			if ours && !strings.HasSuffix(name, "_test.go") && !allowed(from, to) {
				t.Errorf("%s imports %s, which %s may not", name, to, from)
			}
		}
	}
	if files < 50 {
		t.Errorf("read %d files: the walk missed the repository", files)
	}
}

func TestThePlatformsLayersAreAllRanked(t *testing.T) {
	for name := range sources(t, parser.ImportsOnly) {
		if strings.HasPrefix(name, "system/platform/") && rank(path.Dir(name)) < 0 {
			t.Errorf("%s: its package has no place in the list of layers", name)
		}
	}
}

func TestEveryPackageHasOneComment(t *testing.T) {
	comments := map[string]int{}
	for name, file := range sources(t, parser.ParseComments|parser.PackageClauseOnly) {
		if strings.HasSuffix(name, "_test.go") || strings.HasSuffix(name, ".pb.go") || strings.HasPrefix(name, "system/api/") && strings.HasSuffix(path.Dir(name), "/v1") {
			continue
		}
		dir := path.Dir(name)
		comments[dir] += 0
		if file.Doc != nil {
			comments[dir]++
		}
	}
	for dir, n := range comments {
		if n != 1 {
			t.Errorf("%s has %d package comments, want 1", dir, n)
		}
	}
}

// sources parses every Go file of the repository, by its path. It asks the files and not the go command, whose answer
// would be cached.
func sources(t *testing.T, mode parser.Mode) map[string]*ast.File {
	t.Helper()
	parsed := map[string]*ast.File{}
	err := filepath.WalkDir(".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && name != "." && (strings.HasPrefix(d.Name(), ".") || slices.Contains([]string{"testdata", "bin", "out", "tools"}, d.Name())) {
			return filepath.SkipDir
		}
		if d.IsDir() || filepath.Ext(name) != ".go" {
			return nil
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, mode)
		if err == nil {
			parsed[filepath.ToSlash(name)] = file
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return parsed
}

// TestNothingThatShipsHoldsWhatTestsNeed keeps the packages for tests, and the library that starts containers for them, out
// of every program.
func TestNothingThatShipsHoldsWhatTestsNeed(t *testing.T) {
	forTests := 0
	for name, file := range sources(t, parser.ImportsOnly) {
		if strings.HasSuffix(name, "_test.go") || strings.HasSuffix(path.Dir(name), "test") {
			forTests++
			continue
		}
		for _, spec := range file.Imports {
			to := strings.Trim(spec.Path.Value, `"`)
			if strings.HasPrefix(to, "stormglass/") && strings.HasSuffix(to, "test") || strings.Contains(to, "testcontainers") {
				t.Errorf("%s imports %s, which is for tests", name, to)
			}
		}
	}
	if forTests < 50 {
		t.Errorf("saw %d files for tests: the walk missed them", forTests)
	}
}
