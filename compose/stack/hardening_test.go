package stack

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// mostMemory is what all limits together may come to, in bytes: 3 GB.
const mostMemory = 3e9

func TestMemoryLimitsAddUpToLessThanThreeGigabytes(t *testing.T) {
	sum, err := everything(t).Memory()
	if err != nil {
		t.Fatal(err)
	}
	if sum > mostMemory || sum < mostMemory/3 {
		t.Errorf("the limits add up to %.2f GB, want at most %.2f", float64(sum)/1e9, mostMemory/1e9)
	}
	t.Logf("%.2f GB", float64(sum)/1e9)
}

func TestEveryPortIsPublishedOnLoopbackAlone(t *testing.T) {
	published := 0
	for name, service := range everything(t).Services {
		for _, port := range service.Ports {
			published++
			if !regexp.MustCompile(`^127\.0\.0\.1:\d+:\d+$`).MatchString(port) {
				t.Errorf("%s publishes %s, want 127.0.0.1:…", name, port)
			}
		}
	}
	if published < 5 {
		t.Errorf("found %d published ports", published)
	}
}

func TestEveryImageIsPinnedInOnePlaceByAnExactTag(t *testing.T) {
	exact := regexp.MustCompile(`^[a-z0-9./-]+:v?\d+\.\d+\.?\d*(-[a-z0-9.]+)?$`)
	used := map[string]bool{"BUILD_IMAGE": true} // the Dockerfile's
	for _, layer := range append(Layers(), "load") {
		text := file(t, layer+".yaml")
		for _, m := range regexp.MustCompile(`(?m)^ *image: (.*)$`).FindAllStringSubmatch(text, -1) {
			name := regexp.MustCompile(`^"\$\{([A-Z0-9]+_IMAGE)\}"$`).FindStringSubmatch(m[1])
			switch {
			case name != nil:
				used[name[1]] = true
			case !strings.HasPrefix(m[1], "stormglass/") || !strings.HasSuffix(m[1], ":local"):
				t.Errorf("%s.yaml names the image %s: want a variable of versions.env", layer, m[1])
			}
		}
	}
	pinned := everything(t).Images
	for name, image := range pinned {
		if !exact.MatchString(image) {
			t.Errorf("%s is %s, want an exact version", name, image)
		}
		if !used[name] {
			t.Errorf("versions.env pins %s, which nobody uses", name)
		}
	}
	for name := range used {
		if pinned[name] == "" {
			t.Errorf("versions.env does not pin %s", name)
		}
	}
}

func TestEveryContainerIsReadOnlyWithoutRightsAndNotRoot(t *testing.T) {
	for name, s := range everything(t).Services {
		ours := strings.HasPrefix(s.Image, "stormglass/") // their user is set by the Dockerfile
		if !s.ReadOnly || !slices.Equal(s.CapDrop, []string{"ALL"}) || !slices.Equal(s.SecurityOpt, []string{"no-new-privileges:true"}) {
			t.Errorf("%s: got read_only %v, cap_drop %v, security_opt %v", name, s.ReadOnly, s.CapDrop, s.SecurityOpt)
		}
		if !ours && (s.User == "" || s.User == "root" || strings.HasPrefix(s.User, "0")) {
			t.Errorf("%s runs as %q, want a user of its own", name, s.User)
		}
		if len(s.Profiles) == 0 && s.Restart != "unless-stopped" {
			t.Errorf("%s: restart is %q", name, s.Restart)
		}
	}
	if dockerfile := text(t, filepath.Join(checkout, "Dockerfile")); !strings.Contains(dockerfile, "\nUSER 65532:65532\n") || strings.Count(dockerfile, "\nHEALTHCHECK ") != 2 {
		t.Error("the Dockerfile does not give both images a user and a health check")
	}
}

func TestEveryContainerSaysWhetherItIsWell(t *testing.T) {
	dumb := []string{ // images without any program but their own, which cannot ask itself
		"jaeger", "loki", "fluent-bit",
		"k6", // ends by itself
	}
	for name, s := range everything(t).Services {
		if asks := s.Healthcheck != nil || strings.HasPrefix(s.Image, "stormglass/"); asks == slices.Contains(dumb, name) {
			t.Errorf("%s: has a health check: %v", name, asks)
		}
	}
}

func TestNoSecretStandsInALayer(t *testing.T) {
	telling := regexp.MustCompile(`(?i)(password|secret|key|token)`)
	for name, s := range everything(t).Services {
		for setting, value := range s.Environment {
			if telling.MatchString(setting) && !strings.HasSuffix(setting, "_FILE") {
				t.Errorf("%s: %s is in the open", name, setting)
			}
			if regexp.MustCompile(`://[^/]*@`).MatchString(value) {
				t.Errorf("%s: %s holds an account", name, setting)
			}
			if path, ok := strings.CutPrefix(value, "/run/secrets/"); ok && !slices.Contains(s.Secrets, path) {
				t.Errorf("%s: %s is %s, which it may not see", name, setting, value)
			}
		}
	}
	if !strings.Contains(file(t, ".gitignore"), "/"+SecretsDir+"/") {
		t.Error("the folder of secrets is not ignored by git")
	}
}

func TestEverySecretIsSeenBySomebodyAndEveryOneThatIsSeenIsThere(t *testing.T) {
	s := everything(t)
	seen := map[string]bool{}
	for name, service := range s.Services {
		for _, secret := range service.Secrets {
			seen[secret] = true
			if s.Secrets[secret].File == "" {
				t.Errorf("%s may see %s, which is nowhere", name, secret)
			}
		}
	}
	for secret := range s.Secrets {
		if !seen[secret] {
			t.Errorf("nobody sees the secret %s", secret)
		}
	}
}

func file(t *testing.T, name string) string {
	t.Helper()
	return text(t, filepath.Join(layers, name))
}

func text(t *testing.T, path string) string {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}
