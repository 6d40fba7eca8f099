package stack

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"time"

	"stormglass/chaos/system"
)

// Options are what `up` may be told.
type Options struct {
	Root    string // the repository
	Layers  []string
	Version string
	// StandIns says that the images are stand-ins, one of which knows no users.
	StandIns bool
	Out      io.Writer
	// Order places the first order at the shop's address and reads the mailbox at the other.
	Order func(ctx context.Context, shop, mailbox string) error
}

// Bounds of the whole, and of leaving.
const (
	readyWithin = 3 * time.Minute
	downWithin  = time.Minute
	lookEvery   = 500 * time.Millisecond
)

// ErrLeft means that something of the stack could not be removed.
var ErrLeft = errors.New("something of the stack is left; try make compose-down")

// Up brings the stack up, waits until all of it is ready, places an order and says where everything is. When that fails,
// nothing stays.
func Up(ctx context.Context, o Options) (err error) {
	shop, err := system.Load(filepath.Join(o.Root, "system", "shop.yaml"))
	if err != nil {
		return err
	}
	s, err := Load(filepath.Join(o.Root, "compose"), o.Layers...)
	if err != nil {
		return err
	}
	d, err := FindDocker(ctx)
	if err != nil {
		return err
	}
	fmt.Fprintln(o.Out, "looking at Docker, ports, memory and images")
	if err := d.preflight(ctx, s); err != nil {
		return err
	}
	if err := s.MakeSecrets(shop, o.StandIns); err != nil {
		return err
	}
	fmt.Fprintln(o.Out, "building the images of the shop and of the companies outside")
	for _, target := range []string{"shop", "standins"} {
		if err := d.build(ctx, o.Root, target, s.Images["BUILD_IMAGE"], o.Version); err != nil {
			return err
		}
	}
	begin := time.Now()
	defer func() {
		if err != nil {
			err = errors.Join(err, d.clear(context.WithoutCancel(ctx), s))
		}
	}()
	if err := d.start(ctx, s, o.Out); err != nil {
		return err
	}
	ready := time.Since(begin)
	fmt.Fprintln(o.Out, "placing an order")
	if err := o.Order(ctx, "http://"+s.published("gateway"), "http://"+s.published("mailbox")); err != nil {
		return fmt.Errorf("the shop is up and does not take an order: %w", err)
	}
	fmt.Fprintf(o.Out, "ready after %.1f s, first order shipped after %.1f s\n\n", ready.Seconds(), time.Since(begin).Seconds())
	s.tell(o.Out)
	return nil
}

// start starts every container and waits until they are all well.
func (d *Docker) start(ctx context.Context, s *Stack, out io.Writer) error {
	ctx, cancel := context.WithTimeout(ctx, readyWithin)
	defer cancel()
	fmt.Fprintf(out, "starting %d containers\n", len(s.running()))
	if _, err := d.compose(ctx, s, "up", "-d", "--no-build"); err != nil {
		return errors.Join(err, d.explain(context.WithoutCancel(ctx)))
	}
	shown := ""
	for {
		waiting, err := d.look(ctx, s)
		if err != nil {
			return err
		}
		if len(waiting) == 0 {
			return nil
		}
		if text := strings.Join(waiting, ", "); text != shown {
			fmt.Fprintf(out, "  %d of %d ready, waiting for %s\n", len(s.running())-len(waiting), len(s.running()), text)
			shown = text
		}
		select {
		case <-time.After(lookEvery):
		case <-ctx.Done():
			return fmt.Errorf("not ready after %v: %s\n%w", readyWithin, strings.Join(waiting, ", "), d.explain(context.WithoutCancel(ctx)))
		}
	}
}

// running lists the services that start by themselves.
func (s *Stack) running() []string {
	var names []string
	for _, name := range s.Names() {
		if len(s.Services[name].Profiles) == 0 {
			names = append(names, name)
		}
	}
	return names
}

// published is the address on this machine where a service's first port is.
func (s *Stack) published(name string) string {
	service := s.Services[name]
	if service == nil || len(service.Ports) == 0 {
		return ""
	}
	return service.Ports[0][:strings.LastIndex(service.Ports[0], ":")]
}

// Down removes the stack: containers, networks, volumes and what they hold. The images and the secrets stay.
func Down(ctx context.Context, root string) error {
	s, err := Load(filepath.Join(root, "compose"), append(Layers(), "load")...)
	if err != nil {
		return err
	}
	d, err := FindDocker(ctx)
	if err != nil {
		return err
	}
	return d.clear(ctx, s)
}

func (d *Docker) clear(ctx context.Context, s *Stack) error {
	ctx, cancel := context.WithTimeout(ctx, downWithin)
	defer cancel()
	if _, err := d.compose(ctx, s, "down", "--volumes", "--remove-orphans", "--timeout", "10"); err != nil {
		return fmt.Errorf("%w: %w", ErrLeft, err)
	}
	return nil
}
