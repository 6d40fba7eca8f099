package stack

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// preflight looks for what would stop the stack from coming up, before anything is started. Each thing comes with its fix.
func (d *Docker) preflight(ctx context.Context, s *Stack) error {
	running, err := d.containers(ctx)
	if err != nil {
		return err
	}
	if len(running) > 0 {
		return errors.New("the stack is there already: `make compose-down` takes it down")
	}
	return errors.Join(s.filesThere(), s.portsFree(ctx), d.memoryEnough(ctx, s), d.imagesHere(ctx, s))
}

// filesThere looks for the files that containers are given. Docker would make an empty folder of each that is missing.
func (s *Stack) filesThere() (missing error) {
	for _, name := range s.Names() {
		for _, volume := range s.Services[name].Volumes {
			path, _, _ := strings.Cut(volume, ":")
			if !strings.HasPrefix(path, ".") {
				continue
			}
			if _, err := os.Stat(filepath.Join(s.Dir, path)); errors.Is(err, fs.ErrNotExist) {
				missing = errors.Join(missing, fmt.Errorf("%s needs %s, which is not there: is the checkout complete?", name, filepath.Join(s.Dir, path)))
			}
		}
	}
	return missing
}

// portsFree tries to listen where the stack will.
func (s *Stack) portsFree(ctx context.Context) (taken error) {
	var l net.ListenConfig
	for _, name := range s.Names() {
		for _, port := range s.Services[name].Ports {
			addr := port[:strings.LastIndex(port, ":")]
			listener, err := l.Listen(ctx, "tcp", addr)
			if err != nil {
				setting := strings.ToUpper(strings.ReplaceAll(name, "-", "_")) + "_PORT"
				taken = errors.Join(taken, fmt.Errorf("%s wants %s, which is taken: end what listens there, or choose another port: make compose-up %s=NUMBER", name, addr, setting))
				continue
			}
			if err := listener.Close(); err != nil {
				return err
			}
		}
	}
	return taken
}

// Memory adds up the limits of all services, in bytes.
func (s *Stack) Memory() (sum int64, err error) {
	for _, name := range s.Names() {
		if len(s.Services[name].Profiles) > 0 {
			continue
		}
		number, ok := strings.CutSuffix(s.Services[name].MemLimit, "m")
		mebibytes, wrong := strconv.ParseInt(number, 10, 64)
		if !ok || wrong != nil {
			return 0, fmt.Errorf("read memory limit of %s: %q is not of the form 64m", name, s.Services[name].MemLimit)
		}
		sum += mebibytes << 20
	}
	return sum, nil
}

func (d *Docker) memoryEnough(ctx context.Context, s *Stack) error {
	want, err := s.Memory()
	if err != nil {
		return err
	}
	text, err := d.output(ctx, "info", "--format", "{{.MemTotal}}")
	if err != nil {
		return err
	}
	have, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return fmt.Errorf("read Docker's memory: %w", err)
	}
	if have < want {
		return fmt.Errorf("docker has %.1f GB of memory, the stack may take %.1f: give it more (Docker Desktop: Settings, Resources), "+
			"or start less: make compose-up LAYERS=shop", float64(have)/1e9, float64(want)/1e9)
	}
	return nil
}

// imagesHere pulls what is missing.
func (d *Docker) imagesHere(ctx context.Context, s *Stack) (missing error) {
	for _, name := range s.Names() {
		service := s.Services[name]
		if service.Build != nil || len(service.Profiles) > 0 {
			continue
		}
		if _, err := d.output(ctx, "image", "inspect", service.Image); err == nil {
			continue
		}
		if _, err := d.output(ctx, "pull", "-q", service.Image); err != nil {
			missing = errors.Join(missing, fmt.Errorf("%s needs the image %s, which cannot be pulled: is the registry within reach? "+
				"Where it never is, compose/standins/build.sh builds stand-ins: make compose-up STANDINS=1\n%w", name, service.Image, err))
		}
	}
	return missing
}
