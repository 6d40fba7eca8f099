package backendtest

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/testcontainers/testcontainers-go"
	tclog "github.com/testcontainers/testcontainers-go/log"
)

// container is a server's image and how it is run.
type container struct {
	// image is the image's key in compose/versions.env.
	image string
	// port is the one that clients use, such as "5432/tcp".
	port string
	env  map[string]string
	// files are texts by their path inside.
	files map[string]string
	// run is the command, if not the image's own.
	run []string
	// url is where clients find it at HOST:PORT, and ready whether it answers there.
	url   func(host string) *url.URL
	ready func(u *url.URL) error
}

// box is a container that was started.
type box struct {
	container
	made testcontainers.Container
}

func (c container) open() (*Server, error) {
	b := &box{container: c}
	u, err := b.make()
	if err != nil {
		return nil, errors.Join(err, b.end())
	}
	return newServer(u, b), nil
}

// make makes and starts a container. Its reaper, a container too, removes it when the test binary has ended.
func (b *box) make() (u *url.URL, err error) {
	image, err := pinned(b.image)
	if err != nil {
		return nil, err
	}
	quiet := log.New(io.Discard, "", 0)
	tclog.SetDefault(quiet) // it would introduce itself at length
	defer func() {          // the library panics where it finds no Docker at all
		if p := recover(); p != nil {
			err = fmt.Errorf("ask Docker: %v", p)
		}
	}()
	ctx, cancel := context.WithTimeout(context.Background(), startLimit)
	defer cancel()
	b.made, err = testcontainers.GenericContainer(ctx, testcontainers.GenericContainerRequest{
		ContainerRequest: testcontainers.ContainerRequest{
			Image: image, ExposedPorts: []string{b.port}, Env: b.env, Cmd: b.run, Files: b.content(),
		},
		Logger: quiet,
	})
	if err != nil {
		return nil, fmt.Errorf("make container of %s: %w", image, err)
	}
	return b.start()
}

func (b *box) content() (files []testcontainers.ContainerFile) {
	for path, text := range b.files {
		files = append(files, testcontainers.ContainerFile{Reader: strings.NewReader(text), ContainerFilePath: path, FileMode: 0o644})
	}
	return files
}

func (b *box) start() (*url.URL, error) {
	ctx, cancel := context.WithTimeout(context.Background(), startLimit)
	defer cancel()
	if err := b.made.Start(ctx); err != nil {
		return nil, fmt.Errorf("start container: %w", err)
	}
	host, err := b.made.PortEndpoint(ctx, b.port, "")
	if err != nil {
		return nil, fmt.Errorf("find port of container: %w", err)
	}
	u := b.url(host)
	for {
		err := b.ready(u)
		if err == nil {
			return u, nil
		}
		select {
		case <-time.After(50 * time.Millisecond):
		case <-ctx.Done():
			return nil, fmt.Errorf("wait for the container's answer: %w", err)
		}
	}
}

func (b *box) kill() error {
	now := time.Duration(0)
	return b.made.Stop(context.Background(), &now)
}

// wipe puts a new container in the place of the old one.
func (b *box) wipe() error {
	if err := b.end(); err != nil {
		return err
	}
	if _, err := b.make(); err != nil {
		return err
	}
	return b.kill()
}

func (b *box) end() error {
	if b.made == nil {
		return nil
	}
	return b.made.Terminate(context.Background())
}

// pinned gives the image of a key in compose/versions.env, the one place that names images.
func pinned(key string) (string, error) {
	root, err := moduleRoot()
	if err != nil {
		return "", err
	}
	f, err := os.Open(filepath.Join(root, "compose", "versions.env"))
	if err != nil {
		return "", fmt.Errorf("find image: %w", err)
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if name, image, ok := strings.Cut(lines.Text(), "="); ok && name == key {
			return image, nil
		}
	}
	return "", fmt.Errorf("find image: %s has no line %s=…", f.Name(), key)
}

// moduleRoot is the nearest folder above with a go.mod; tests start in their package's.
func moduleRoot() (string, error) {
	folder, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		if _, err := os.Stat(filepath.Join(folder, "go.mod")); err == nil {
			return folder, nil
		}
		above := filepath.Dir(folder)
		if above == folder {
			return "", errors.New("find go.mod: no folder above has one")
		}
		folder = above
	}
}
