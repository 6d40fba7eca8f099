package stack

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"stormglass/system/platform/store/storetest"
)

// owners are the services with a database of their own.
func owners() []string {
	return []string{"user", "order", "inventory", "payment", "shipping", "notification"}
}

func TestEachServiceEntersItsOwnDatabaseAndNoOther(t *testing.T) {
	needs(t, "psql")
	admin, err := url.Parse(storetest.Postgres(t))
	if err != nil {
		t.Fatal(err)
	}
	setUp(t, admin)
	for _, role := range owners() {
		for _, database := range append(owners(), "postgres", "template1") {
			err := enter(t.Context(), admin, role, database)
			if own := role == database; own != (err == nil) {
				t.Errorf("role %s enters database %s: %v", role, database, err)
			} else if !own && !strings.Contains(err.Error(), "42501") { // insufficient_privilege
				t.Errorf("role %s is kept from database %s by %v, want a lack of privilege", role, database, err)
			}
		}
	}
}

// setUp runs the stack's own script on the server, as the administrator.
func setUp(t *testing.T, admin *url.URL) {
	t.Helper()
	folder := t.TempDir()
	for _, role := range owners() {
		if err := os.WriteFile(filepath.Join(folder, role+"-db"), []byte(password(role)+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(func() { tidy(t, admin) })
	key, _ := admin.User.Password()
	c := exec.Command("sh", filepath.Join(layers, "postgres", "init.sh"))
	c.Env = append(os.Environ(), "PGHOST="+admin.Hostname(), "PGPORT="+admin.Port(), "PGUSER="+admin.User.Username(), "PGPASSWORD="+key,
		"SECRETS="+folder, "SERVICE_SQL="+filepath.Join(layers, "postgres", "service.sql"))
	if out, err := c.CombinedOutput(); err != nil {
		t.Fatalf("init.sh: %v\n%s", err, out)
	}
}

// tidy takes everything back that setUp did.
func tidy(t *testing.T, admin *url.URL) {
	ctx := context.Background() // the test's own has ended
	c, err := pgx.Connect(ctx, admin.String())
	if err != nil {
		t.Error(err)
		return
	}
	defer c.Close(ctx)
	for _, name := range owners() {
		for _, statement := range []string{"DROP DATABASE IF EXISTS %q WITH (FORCE)", "DROP ROLE IF EXISTS %q"} {
			if _, err := c.Exec(ctx, fmt.Sprintf(statement, name)); err != nil {
				t.Error(err)
			}
		}
	}
	if _, err := c.Exec(ctx, "GRANT CONNECT ON DATABASE postgres, template1 TO PUBLIC"); err != nil {
		t.Error(err)
	}
}

// enter connects to a database as a role, and makes and reads a table there.
func enter(ctx context.Context, admin *url.URL, role, database string) error {
	at := url.URL{Scheme: "postgres", User: url.UserPassword(role, password(role)), Host: admin.Host, Path: "/" + database, RawQuery: "sslmode=disable"}
	c, err := pgx.Connect(ctx, at.String())
	if err != nil {
		return err
	}
	defer c.Close(ctx)
	_, err = c.Exec(ctx, "CREATE TABLE mine (id INT); SELECT * FROM mine; DROP TABLE mine")
	return err
}

// password is hard to quote on purpose.
func password(role string) string { return "it's " + role + "'s \\ \"own\" $1" }
