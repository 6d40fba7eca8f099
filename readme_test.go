package stormglass

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

func read(t *testing.T, name string) string {
	t.Helper()
	content, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

func TestTheReadmeListsEveryScenarioWithItsClaimAndVerdict(t *testing.T) {
	readme := read(t, "README.md")
	files, err := filepath.Glob("scenarios/*.yaml")
	if err != nil || len(files) < 5 {
		t.Fatalf("found %d scenarios, %v", len(files), err)
	}
	field := regexp.MustCompile(`(?m)^(name|claim|verdict): *(.*)$`)
	for _, file := range files {
		values := map[string]string{}
		for _, m := range field.FindAllStringSubmatch(read(t, file), -1) {
			values[m[1]] = strings.Trim(m[2], `"'`)
		}
		row := "| " + values["claim"] + " | [`" + values["name"] + "`](" + file + ") | " + values["verdict"] + " |"
		if !strings.Contains(readme, row) {
			t.Errorf("README.md lacks the row\n%s", row)
		}
	}
	if rows := len(regexp.MustCompile(`\]\(scenarios/[a-z-]+\.yaml\)`).FindAllString(readme, -1)); rows != len(files) {
		t.Errorf("README.md lists %d scenarios, there are %d", rows, len(files))
	}
}

func TestTheReadmesWalkThroughIsTheOneThatIsPrinted(t *testing.T) {
	_, rest, _ := strings.Cut(read(t, "README.md"), "<!-- walkthrough -->\n```sh\n")
	block, _, found := strings.Cut(rest, "\n```\n<!-- /walkthrough -->")
	want := strings.TrimSpace(strings.ReplaceAll(read(t, "scenarios/shop/walkthrough.sh"), "BASE", "http://127.0.0.1:8080"))
	if !found || block != want {
		t.Error("README.md's walk-through differs from scenarios/shop/walkthrough.sh")
	}
}

func TestEveryLinkOfTheReadmeLeadsSomewhere(t *testing.T) {
	links := regexp.MustCompile(`\]\(([^)#]+)\)`).FindAllStringSubmatch(read(t, "README.md"), -1)
	if len(links) == 0 {
		t.Fatal("found no links")
	}
	for _, link := range links {
		if _, err := os.Stat(link[1]); err != nil {
			t.Errorf("README.md links to %s: %v", link[1], err)
		}
	}
}

func TestEveryMakeTargetThatIsMentionedExists(t *testing.T) {
	makefile := read(t, "Makefile")
	for _, doc := range []string{"README.md", ".ci/run"} {
		for _, m := range regexp.MustCompile(`\bmake (?:--[a-z-]+ )*([a-z][a-z-]+)`).FindAllStringSubmatch(read(t, doc), -1) {
			if !strings.Contains(makefile, "\n"+m[1]+":") {
				t.Errorf("%s says `make %s`, and there is no such target", doc, m[1])
			}
		}
	}
}
