package cell_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"stormglass/chaos/cell"
	"stormglass/chaos/cell/celltest"
	"stormglass/internal/await"
	"stormglass/internal/ports/portstest"
)

func TestACellAnswersThroughItsProxies(t *testing.T) {
	c := celltest.Start(t, nil)
	if got, want := celltest.MustGet(t, c.Public()+"/ask"), "hello from store-1"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got, want := celltest.MustGet(t, c.Public()+"/line?text=x"), "OK x"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	for _, link := range []string{"shop -> store", "shop → store-db", "shop-1 -> store-db-1"} {
		proxies, err := c.Proxies(link)
		if err != nil || len(proxies) != 1 {
			t.Fatalf("%s: got %d proxies, %v; want 1", link, len(proxies), err)
		}
		traffic := proxies[0].Traffic()
		if traffic.Accepted != 1 || traffic.RequestBytes == 0 || traffic.ResponseBytes == 0 {
			t.Errorf("%s: got traffic %+v, want one connection with bytes both ways", link, traffic)
		}
	}
}

func TestAProcessGetsItsSettingsAndNoneOfTheHarness(t *testing.T) {
	t.Setenv("STRAY_SETTING", "from the shell")
	c := celltest.Start(t, func(o *cell.Options) {
		o.Env = map[string]map[string]string{"shop": {"EXTRA": "{instance}!"}}
		o.OTLP = "127.0.0.1:4317"
	})
	var env []string
	if err := json.Unmarshal([]byte(celltest.MustGet(t, c.Public()+"/env")), &env); err != nil {
		t.Fatal(err)
	}
	self := strings.TrimPrefix(c.Public(), "http://")
	for _, want := range []string{"INSTANCE=shop-1", "OTLP=127.0.0.1:4317", "EXTRA=shop-1!", "HTTP_ADDR=" + self, "SELF=" + self} {
		if !slices.Contains(env, want) {
			t.Errorf("%s is not in the environment", want)
		}
	}
	for _, setting := range env {
		if strings.HasPrefix(setting, "STRAY_SETTING=") || strings.HasPrefix(setting, "JAEGER=") {
			t.Errorf("got %s, which should not be there", setting)
		}
	}
}

// TestAURLNamesTheDataFolderWhateverItIsCalled had the folder's path pasted as it is: a database was cut off at the first number
// sign and lay outside the cell, shared by all services, and a placeholder in the path was filled in.
func TestAURLNamesTheDataFolderWhateverItIsCalled(t *testing.T) {
	var data string
	c := celltest.Start(t, func(o *cell.Options) {
		o.Dir = filepath.Join(o.Dir, "c# %41?&'\" {instance} [x] + ;:@=ü")
		o.Env = map[string]map[string]string{"shop": {
			"DATABASE": "sqlite://{data}/shop.db?link={port.http}", "QUERY": "sqlite:///x?file={data}/y&instance={instance}", "FILE": "{data}/shop.db",
		}}
		data = filepath.Join(o.Dir, "data")
	})
	var env []string
	if err := json.Unmarshal([]byte(celltest.MustGet(t, c.Public()+"/env")), &env); err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, setting := range env {
		name, value, _ := strings.Cut(setting, "=")
		got[name] = value
	}
	database, err := url.Parse(got["DATABASE"])
	if err != nil || database.Path != data+"/shop.db" || database.RawQuery != "link="+strings.TrimPrefix(c.Public(), "http://") || database.Fragment != "" {
		t.Errorf("got database URL %q (%v), want the path %q", got["DATABASE"], err, data+"/shop.db")
	}
	if other, err := url.Parse(got["QUERY"]); err != nil || other.Query().Get("file") != data+"/y" || other.Query().Get("instance") != "shop-1" {
		t.Errorf("got URL %q (%v), want the file %q and the instance shop-1 in its query", got["QUERY"], err, data+"/y")
	}
	if want := data + "/shop.db"; got["FILE"] != want {
		t.Errorf("got %q, which is no URL, want the path as it is: %q", got["FILE"], want)
	}
}

func TestAFolderWhoseNameIsNotUTF8IsRefused(t *testing.T) {
	o := celltest.Options(t)
	o.Dir += "\xff"
	if _, err := cell.Start(t.Context(), celltest.System(t), o); err == nil || !strings.Contains(err.Error(), "is not UTF-8") {
		t.Errorf("got %v, want an error that names the folder: a guard would remove another one", err)
	}
	if _, err := os.Stat(o.Dir); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the folder was made (%v)", err)
	}
}

func TestTwoOfEachGetAProxyForEachPair(t *testing.T) {
	c := celltest.Start(t, func(o *cell.Options) { o.Instances = map[string]int{"shop": 2, "store": 2} })
	proxies, err := c.Proxies("shop -> store")
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, p := range proxies {
		got = append(got, p.Name())
	}
	want := []string{"shop-1 -> store-1", "shop-1 -> store-2", "shop-2 -> store-1", "shop-2 -> store-2"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if one, err := c.Proxies("shop-2 -> store"); err != nil || len(one) != 2 {
		t.Errorf("one client's proxies: got %d, %v; want 2", len(one), err)
	}
	if all, err := c.Processes("store"); err != nil || len(all) != 2 {
		t.Errorf("processes of a unit: got %d, %v; want 2", len(all), err)
	}
}

func TestADirectCellHasNoProxies(t *testing.T) {
	c := celltest.Start(t, func(o *cell.Options) { o.Direct = true })
	if got, want := celltest.MustGet(t, c.Public()+"/ask"), "hello from store-1"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if env := celltest.MustGet(t, c.Public()+"/env"); !strings.Contains(env, "DB_ADDRS=straight to 127.0.0.1:") {
		t.Errorf("got environment %s, want DB_ADDRS as the link's direct value says", env)
	}
	if _, err := c.Proxies("shop -> store"); err == nil || !strings.Contains(err.Error(), "asks its server directly") {
		t.Errorf("got error %v, want one that says why there are none", err)
	}
}

func TestADirectCellHasProxiesOnTheLinksThatAreToHaveThem(t *testing.T) {
	c := celltest.Start(t, func(o *cell.Options) { o.Direct, o.Proxied = true, []string{"shop -> store"} })
	if got, want := celltest.MustGet(t, c.Public()+"/ask"), "hello from store-1"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	proxies, err := c.Proxies("shop -> store")
	if err != nil || len(proxies) != 1 || proxies[0].Traffic().Accepted == 0 {
		t.Errorf("got %d proxies, %v; want one that the answer came through", len(proxies), err)
	}
	if env := celltest.MustGet(t, c.Public()+"/env"); !strings.Contains(env, "DB_ADDRS=straight to 127.0.0.1:") {
		t.Errorf("got environment %s, want the other link direct", env)
	}
}

func TestStopLeavesNothing(t *testing.T) {
	o := celltest.Options(t)
	c, err := cell.Start(t.Context(), celltest.System(t), o)
	if err != nil {
		t.Fatal(err)
	}
	grandchild := 0
	fmt.Sscan(celltest.MustGet(t, c.Public()+"/spawn"), &grandchild)
	instances := c.Instances()
	proxies, err := c.Proxies("shop -> store")
	if err != nil {
		t.Fatal(err)
	}
	for range 2 { // a second Stop is no mistake
		if err := c.Stop(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	mustBeFree(t, proxies[0].Name(), proxies[0].Addr())
	for _, in := range instances {
		if celltest.Lives(in.Pid) {
			t.Errorf("%s still runs", in.Name)
		}
		for port, addr := range in.Addrs {
			mustBeFree(t, in.Name+"."+port, addr)
		}
	}
	await.NoError(t, func() error {
		if celltest.Lives(grandchild) {
			return errors.New("the grandchild still runs")
		}
		return nil
	})
	if _, err := os.Stat(filepath.Join(o.Dir, "data")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the data folder is still there: %v", err)
	}
	log, err := os.ReadFile(filepath.Join(o.Dir, "logs", "shop-1.log"))
	if err != nil || !strings.Contains(string(log), "goodbye") {
		t.Errorf("got log %q, %v; want the farewell of a process that was asked to end", log, err)
	}
	if left, _ := filepath.Glob(filepath.Join(o.Dir, "guard.log")); len(left) > 0 {
		t.Error("an empty guard.log is left")
	}
}

func TestKeepLeavesTheData(t *testing.T) {
	o := celltest.Options(t)
	o.Keep = true
	c, err := cell.Start(t.Context(), celltest.System(t), o)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(o.Dir, "data", "shop-1.boots")); err != nil {
		t.Error(err)
	}
	if _, err := cell.Start(t.Context(), celltest.System(t), o); err == nil || !strings.Contains(err.Error(), "earlier cell") {
		t.Errorf("a second cell on the same data: got error %v, want a refusal", err)
	}
}

func TestDataInMemoryGoesWithTheCell(t *testing.T) {
	o := celltest.Options(t)
	o.InMemory = true
	c, err := cell.Start(t.Context(), celltest.System(t), o)
	if err != nil {
		t.Fatal(err)
	}
	shop, err := c.Process("shop-1")
	if err != nil {
		t.Fatal(err)
	}
	data, _ := shop.Setting("DATA")
	if _, err := os.Stat(filepath.Join(data, "shop-1.boots")); err != nil {
		t.Error(err)
	}
	if want := cell.MemoryFolder(); want != "" && filepath.Dir(data) != want {
		t.Errorf("the data lies in %s, want it below %s", data, want)
	}
	if err := c.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(data); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the data folder is still there: %v", err)
	}

	o.Dir, o.Keep = t.TempDir(), true
	if c, err = cell.Start(t.Context(), celltest.System(t), o); err != nil {
		t.Fatal(err)
	}
	if err := c.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(o.Dir, "data", "shop-1.boots")); err != nil {
		t.Errorf("what is kept is not where evidence is looked for: %v", err)
	}
}

func TestADeafProcessIsKilledInTheEnd(t *testing.T) {
	o := celltest.Options(t)
	o.Env = map[string]map[string]string{"shop": {"DEAF": "1"}}
	c, err := cell.Start(t.Context(), celltest.System(t), o)
	if err != nil {
		t.Fatal(err)
	}
	pid := c.Instances()[0].Pid
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	if err := c.Stop(ctx); err != nil {
		t.Fatal(err)
	}
	if celltest.Lives(pid) {
		t.Error("it still runs")
	}
}

func TestABootThatFailsNamesTheProcessAndLeavesNothing(t *testing.T) {
	for name, setting := range map[string]string{
		"ended before it was ready (exit status 1); the end of its log:\nthe toy was told to crash": "CRASH",
		"the toy is never ready":                  "UNREADY",
		"it is ready, but degraded: map[store:1]": "DEGRADED",
	} {
		t.Run(setting, func(t *testing.T) {
			o := celltest.Options(t)
			o.Env = map[string]map[string]string{"store": {setting: "1"}}
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			_, err := cell.Start(ctx, celltest.System(t), o)
			if err == nil || !strings.Contains(err.Error(), "store-1") || !strings.Contains(err.Error(), name) {
				t.Errorf("got error %v, want store-1 and %q in it", err, name)
			}
			if _, err := os.Stat(filepath.Join(o.Dir, "data")); !errors.Is(err, os.ErrNotExist) {
				t.Errorf("the data folder is still there: %v", err)
			}
		})
	}
}

func TestBadOptionsAreRefusedByName(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	for name, c := range map[string]struct {
		change func(*cell.Options)
		want   string
		is     error
	}{
		"program":   {func(o *cell.Options) { o.Bin = o.Dir }, "find program toy", cell.ErrNoProgram},
		"port":      {func(o *cell.Options) { o.Ports = map[string]string{"shop.http": taken.Addr().String()} }, "shop.http", cell.ErrPortInUse},
		"settings":  {func(o *cell.Options) { o.Env = map[string]map[string]string{"shpo": {}} }, "did you mean shop?", nil},
		"instances": {func(o *cell.Options) { o.Instances = map[string]int{"stroe": 2} }, "did you mean store?", nil},
		"no port":   {func(o *cell.Options) { o.Ports = map[string]string{"shop.grpc": "127.0.0.1:1"} }, "shop.grpc", nil},
	} {
		t.Run(name, func(t *testing.T) {
			o := celltest.Options(t)
			c.change(&o)
			_, err := cell.Start(t.Context(), celltest.System(t), o)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Fatalf("got error %v, want %q in it", err, c.want)
			}
			if c.is != nil && !errors.Is(err, c.is) {
				t.Errorf("got error %v, want it to be %v", err, c.is)
			}
		})
	}
}

func TestAFixedPortIsUsed(t *testing.T) {
	addr := portstest.Free(t)
	c := celltest.Start(t, func(o *cell.Options) { o.Ports = map[string]string{"shop.http": addr} })
	if got, want := c.Public(), "http://"+addr; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestMemoryAndTimeAreMeasuredForEachProcess(t *testing.T) {
	c := celltest.Start(t, nil)
	pss, err := c.PSS()
	if err != nil {
		t.Fatal(err)
	}
	cpu, err := c.CPU()
	if err != nil {
		t.Fatal(err)
	}
	for _, in := range c.Instances() {
		if mb := pss[in.Name] >> 20; mb < 1 || mb > 500 {
			t.Errorf("%s: got %d MiB", in.Name, mb)
		}
		if _, ok := cpu[in.Name]; !ok {
			t.Errorf("%s: no processor time", in.Name)
		}
	}
}

func TestACellMayBeWatchedWhileItsProcessesComeAndGo(t *testing.T) {
	c := celltest.Start(t, nil)
	p, err := c.Process("store-1")
	if err != nil {
		t.Fatal(err)
	}
	restarted := make(chan error, 1)
	go func() {
		var err error
		for range 5 {
			err = errors.Join(err, p.Restart(t.Context()))
		}
		restarted <- err
	}()
	for {
		select {
		case err := <-restarted:
			if err != nil {
				t.Error(err)
			}
			return
		default:
		}
		_, _, _, _ = c.Instances(), p.Alive(), p.Started(), p.Pid()
		if _, err := c.PSS(); err != nil {
			t.Error(err)
		}
		if _, err := c.CPU(); err != nil {
			t.Error(err)
		}
	}
}

func mustBeFree(t *testing.T, what, addr string) {
	t.Helper()
	l, err := net.Listen("tcp", addr)
	if err != nil {
		t.Errorf("the port of %s was not given back: %v", what, err)
		return
	}
	l.Close()
}
