// Command stack brings the container stack up and takes it down. It is run from the repository's folder.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"stormglass/chaos/system"
	"stormglass/compose/stack"
)

const usage = `usage: stack up          start everything, wait until it is ready, place an order
       stack down        remove containers, networks and volumes
       stack load NAME   run a profile of loadtests/profiles beside the running stack: smoke, average, …
       stack generate    write compose/chaos.yaml and compose/toxiproxy.json again

LAYERS chooses among shop observability grafana chaos; STANDINS=1 says that the images are those of compose/standins.
`

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(execute(ctx, os.Args[1:]))
}

// execute runs one command and gives the exit code: 2 for a wrong command line, 1 for everything else that fails.
func execute(ctx context.Context, args []string) int {
	commands := map[string]func(context.Context) error{
		"up": up, "generate": generate,
		"down": func(ctx context.Context) error { return stack.Down(ctx, ".") },
	}
	command := commands[strings.Join(args, " ")]
	if len(args) == 2 && args[0] == "load" {
		command = func(ctx context.Context) error { return stack.RunLoad(ctx, ".", args[1], os.Stdout, os.Stderr) }
	}
	if command == nil {
		fmt.Fprint(os.Stderr, usage)
		return 2
	}
	err := command(ctx)
	switch {
	case err == nil:
		return 0
	case errors.Is(err, stack.ErrLeft):
	case ctx.Err() != nil:
		err = errors.New("interrupted; what was started has been removed")
	}
	fmt.Fprintf(os.Stderr, "stack: %v\n", err)
	return 1
}

func up(ctx context.Context) error {
	o := stack.Options{Root: ".", Layers: stack.Layers(), Version: os.Getenv("VERSION"), StandIns: os.Getenv("STANDINS") == "1", Out: os.Stdout, Order: order}
	if o.StandIns {
		o.Layers = stack.LayersOfStandIns()
		fmt.Println("running on stand-ins: older backends than the pinned ones, no Grafana, Loki and log collector")
	}
	if chosen := strings.Fields(os.Getenv("LAYERS")); len(chosen) > 0 {
		o.Layers = chosen
	}
	for _, layer := range o.Layers {
		if !slices.Contains(stack.Layers(), layer) {
			return fmt.Errorf("LAYERS names %q: choose among %s", layer, strings.Join(stack.Layers(), ", "))
		}
	}
	if o.Layers[0] != "shop" {
		return errors.New("LAYERS begins with shop: the other layers are laid over it")
	}
	return stack.Up(ctx, o)
}

// order lets the harness, which knows how customers behave, place one.
func order(ctx context.Context, shop, mailbox string) error {
	c := exec.CommandContext(ctx, filepath.Join("bin", "stormglass"), "probe", "--url", shop, "--books", "mailbox="+mailbox+"/books")
	c.Stdout, c.Stderr = os.Stdout, os.Stderr
	if err := c.Run(); err != nil {
		return fmt.Errorf("place an order: %w", err)
	}
	return nil
}

func generate(context.Context) error {
	shop, err := system.Load(filepath.Join("system", "shop.yaml"))
	if err != nil {
		return err
	}
	s, err := stack.Load("compose", "shop")
	if err != nil {
		return err
	}
	layer, proxies, err := s.Chaos(shop)
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join("compose", "chaos.yaml"), layer, 0o644); err != nil {
		return fmt.Errorf("write chaos layer: %w", err)
	}
	if err := os.WriteFile(filepath.Join("compose", "toxiproxy.json"), proxies, 0o644); err != nil {
		return fmt.Errorf("write proxies: %w", err)
	}
	return nil
}
