package stack

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"stormglass/chaos/system"
)

const (
	layers   = ".."    // the folder of the layers
	checkout = "../.." // the repository
)

// everything is all layers together.
func everything(t *testing.T) *Stack {
	t.Helper()
	return laid(t, append(Layers(), "load")...)
}

func laid(t *testing.T, names ...string) *Stack {
	t.Helper()
	s, err := Load(layers, names...)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func theShop(t *testing.T) *system.System {
	t.Helper()
	shop, err := system.Load(filepath.Join(checkout, "system", "shop.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	return shop
}

func linksOf(t *testing.T, s *Stack) []Link {
	t.Helper()
	links, err := s.Links(theShop(t))
	if err != nil {
		t.Fatal(err)
	}
	return links
}

func TestEveryUnitOfTheShopIsAServiceAndTheOtherWayRound(t *testing.T) {
	s := laid(t, "shop")
	want := []string{"postgres"} // in the place of the responder for databases that are files
	for _, u := range theShop(t).Units {
		if u.Name != "databases" {
			want = append(want, u.Name)
		}
	}
	slices.Sort(want)
	if got := s.Names(); !slices.Equal(got, want) {
		t.Errorf("the shop's layer has the services\n%v, want\n%v", got, want)
	}
}

func TestEveryLinkIsTheSettingThatTheShopNames(t *testing.T) {
	s := laid(t, "shop")
	for _, l := range linksOf(t, s) {
		s.holdsAddress(t, l, l.Direct(), "direct")
	}
}

func TestWithTheChaosLayerEveryLinkGoesThroughItsProxy(t *testing.T) {
	s := laid(t, "shop", "chaos")
	listens := map[string]bool{}
	for _, l := range linksOf(t, s) {
		s.holdsAddress(t, l, l.Listen, "proxied")
		if listens[l.Listen] {
			t.Errorf("two links share the proxy at %s", l.Listen)
		}
		listens[l.Listen] = true
	}
	if got, want := len(listens), len(theShop(t).Links); got != want || want < 30 {
		t.Errorf("got %d proxies, want one for each of %d links", got, want)
	}
}

// holdsAddress looks whether the client of a link is told this address: in the open, or in a secret file of this folder.
func (s *Stack) holdsAddress(t *testing.T, l Link, addr, folder string) {
	t.Helper()
	client := s.Services[l.Client]
	if l.Secret == "" {
		if got, want := client.Environment[l.Env], l.Setting(addr); got != want {
			t.Errorf("%s: %s of %s is %q, want %q", l, l.Env, l.Client, got, want)
		}
		return
	}
	if got, want := client.Environment[l.Env+"_FILE"], "/run/secrets/"+l.Secret; got != want {
		t.Errorf("%s: %s_FILE of %s is %q, want %q", l, l.Env, l.Client, got, want)
	}
	if !slices.Contains(client.Secrets, l.Secret) {
		t.Errorf("%s: %s may not see the secret %s", l, l.Client, l.Secret)
	}
	if got, want := s.Secrets[l.Secret].File, "./"+SecretsDir+"/"+folder+"/"+l.Secret; got != want {
		t.Errorf("%s: the secret %s is the file %q, want %q", l, l.Secret, got, want)
	}
}

func TestTheChaosLayerIsTheGeneratedOne(t *testing.T) {
	layer, proxies, err := laid(t, "shop").Chaos(theShop(t))
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string][]byte{"chaos.yaml": layer, "toxiproxy.json": proxies} {
		if got, err := os.ReadFile(filepath.Join(layers, name)); err != nil || string(got) != string(want) {
			t.Errorf("compose/%s is not what `go run ./compose/cmd/stack generate` writes (%v)", name, err)
		}
	}
}
