package alerts

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"stormglass/internal/nottested"
)

// toolsLimit is far more than the slowest of the tools takes.
const toolsLimit = 3 * time.Minute

// tool finds a pinned tool, which `make alerts-test` builds.
func tool(t *testing.T, name string) string {
	t.Helper()
	path, err := filepath.Abs(filepath.Join("..", "bin", "tools", name))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		return path
	}
	nottested.Skip(t, "REQUIRE_ALERT_TOOLS", fmt.Sprintf("alerts: there is no bin/tools/%s, which make alerts-test builds", name))
	return ""
}

// run runs a tool from the repository's root, and gives what it says and whether it is content.
func run(t *testing.T, name string, args ...string) (string, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), toolsLimit)
	defer cancel()
	command := exec.CommandContext(ctx, tool(t, name), args...)
	command.Dir, command.WaitDelay = "..", time.Second
	said, err := command.CombinedOutput()
	return string(said), err
}

func content(t *testing.T, name string, args ...string) {
	t.Helper()
	if said, err := run(t, name, args...); err != nil {
		t.Errorf("%s %v: %v\n%s", name, args, err, said)
	}
}

// below gives the files that a pattern finds, as the tools see them from the root.
func below(t *testing.T, pattern string) []string {
	t.Helper()
	var names []string
	for _, name := range files(t, pattern) {
		names = append(names, filepath.Join("alerts", name))
	}
	return names
}

func TestPromtoolFindsTheRulesValidAndTheirTestsHold(t *testing.T) {
	content(t, "promtool", append([]string{"check", "rules", "--lint=all", "--lint-fatal"}, below(t, "rules/*.yaml")...)...)
	content(t, "promtool", append([]string{"test", "rules"}, below(t, "tests/*.yaml")...)...)
}

func lint(rules string) []string {
	return []string{"--no-color", "--offline", "--config", "alerts/.pint.hcl", "lint", "--min-severity=info", "--fail-on=info", rules}
}

func TestPintFindsNothingInTheRules(t *testing.T) {
	said, err := run(t, "pint", lint("alerts/rules")...)
	if all := fmt.Sprintf("entries=%d ", len(rules(t))); err != nil || !strings.Contains(said, all) {
		t.Errorf("pint: %v, or it did not read all rules (%s):\n%s", err, all, said)
	}
}

func TestAlertmanagerTakesItsConfigurationAndSendsEachAlertWhereItBelongs(t *testing.T) {
	content(t, "amtool", "check-config", "alerts/alertmanager.yaml")
	for name, a := range alarms(t) {
		receiver := "tickets"
		switch {
		case a.Labels["severity"] == Page:
			receiver = "pages"
		case a.Labels["category"] == Business:
			receiver = "bookkeepers"
		}
		args := []string{"config", "routes", "test", "--config.file=alerts/alertmanager.yaml", "--verify.receivers=" + receiver, "alertname=" + a.Alert}
		for _, label := range []string{"severity", "category"} {
			args = append(args, label+"="+a.Labels[label])
		}
		if said, err := run(t, "amtool", args...); err != nil {
			t.Errorf("%s does not go to %s: %v\n%s", name, receiver, err, said)
		}
	}
}

// Tools that are content with everything would be worth nothing.
func TestTheToolsFindWhatIsWrong(t *testing.T) {
	path := filepath.Join(t.TempDir(), "wrong.yaml")
	for name, c := range map[string]struct{ tool, rule string }{
		"an unclosed parenthesis":        {"promtool", `expr: sum(`},
		"an alert that is always firing": {"pint", `expr: up`},
		"no severity":                    {"pint", `expr: up == 0`},
	} {
		if err := os.WriteFile(path, []byte("groups: [{name: g, rules: [{alert: Wrong, "+c.rule+"}]}]\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		args := []string{"check", "rules", path}
		if c.tool == "pint" {
			args = lint(path)
		}
		if said, err := run(t, c.tool, args...); err == nil {
			t.Errorf("%s finds nothing wrong with %s:\n%s", c.tool, name, said)
		}
	}
}
