// Package local stands in for nobody: it runs a real server of this machine, PostgreSQL, RabbitMQ or Redis, as the child of a
// process that behaves like every stand-in. That process prepares the server's folder, is ready when the server answers,
// stops it in good order, and ends with an error when it ends by itself.
//
// Both are in one process group: whoever kills one of them with SIGKILL kills the group, and nothing stays.
package local

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"stormglass/system/platform/boot"
	"stormglass/system/platform/servers"
	"stormglass/system/standins/front"
)

// askEvery is the time between two questions whether the server answers.
const askEvery = 20 * time.Millisecond

// Settings are those that all servers have.
type Settings struct {
	HTTP string `env:"HTTP_ADDR,required,notEmpty"`
	// Data is the server's own folder.
	Data string `env:"DATA,required,notEmpty"`
}

// server is one server's program in its folder.
type server struct {
	*servers.Program
	folder string
	addrs  []string // one for each of its ports
	as     servers.Account
	ended  chan struct{} // closed when the process has ended
	cmd    *exec.Cmd
}

// run prepares and starts a program, and returns when it answers.
func run(ctx context.Context, rt *boot.Runtime, p *servers.Program, s Settings, addrs ...string) error {
	var as servers.Account
	if p.NotRoot {
		var err error
		if as, err = servers.Unprivileged(); err != nil {
			return fmt.Errorf("find an account for %s that is not root: %w", p.Name, err)
		}
	}
	folder, err := filepath.Abs(s.Data)
	if err != nil {
		return fmt.Errorf("find folder of %s: %w", p.Name, err)
	}
	srv := &server{Program: p, folder: folder, addrs: addrs, as: as, ended: make(chan struct{})}
	if err := srv.start(ctx); err != nil {
		return fmt.Errorf("start %s: %w", p.Name, err)
	}
	rt.Go(p.Name, srv.keep)
	if err := srv.await(ctx); err != nil {
		return fmt.Errorf("start %s: %w", p.Name, err)
	}
	rt.Log.Info().Str("server", p.Name).Str("address", addrs[0]).Int("pid", srv.cmd.Process.Pid).Msg("listening")
	return front.Serve(ctx, rt, s.HTTP, http.NewServeMux())
}

// start takes the folder, prepares it unless that was done, and begins the process.
func (s *server) start(ctx context.Context) error {
	lock, err := s.take(ctx)
	if err != nil {
		return err
	}
	defer lock.Close() // the process has a copy
	ports, err := s.ports()
	if err != nil {
		return err
	}
	if err := s.prepare(); err != nil {
		return err
	}
	s.cmd = s.Command(s.folder, ports)
	s.cmd.Stdout, s.cmd.Stderr = os.Stdout, os.Stderr
	s.cmd.ExtraFiles = []*os.File{lock}
	if err := s.as.Start(s.cmd); err != nil {
		return err
	}
	go func() {
		defer close(s.ended)
		_ = s.cmd.Wait() // ProcessState tells how it ended
	}()
	return nil
}

// ports gives the numbers of the ports, each of which nobody else has.
func (s *server) ports() (ports []string, err error) {
	for _, addr := range s.addrs {
		_, port, err := net.SplitHostPort(addr)
		if err != nil {
			return nil, fmt.Errorf("%w: %q is not host:port: %w", boot.ErrUsage, addr, err)
		}
		if err := front.MustBeFree(addr); err != nil {
			return nil, err
		}
		ports = append(ports, port)
	}
	return ports, nil
}

// await asks until the server answers, has ended, or is not wanted any more.
func (s *server) await(ctx context.Context) error {
	tick := time.NewTicker(askEvery)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			if s.Ready(s.addrs[0]) == nil {
				return nil
			}
		case <-s.ended:
			return fmt.Errorf("it ended before it answered (%s)", s.cmd.ProcessState)
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// keep watches over the process, and stops it when ctx ends.
func (s *server) keep(ctx context.Context) error {
	select {
	case <-s.ended:
		return fmt.Errorf("it ended though nobody asked (%s)", s.cmd.ProcessState)
	case <-ctx.Done():
	}
	if err := s.cmd.Process.Signal(s.Stop); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	<-s.ended
	return nil
}
