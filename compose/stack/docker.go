package stack

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// Docker is how this machine's Docker is spoken to.
type Docker struct {
	CLI     string   // the docker program
	Compose []string // the words that begin a compose command
}

// FindDocker looks for a Docker that can do what the stack needs. What is missing it says with the fix.
func FindDocker(ctx context.Context) (*Docker, error) {
	programs := onPath("docker")
	if len(programs) == 0 {
		return nil, errors.New("there is no docker on this machine: install Docker Desktop or Docker Engine (https://docs.docker.com/get-docker), " +
			"or run the shop without it: make up")
	}
	d := &Docker{CLI: programs[0]}
	if _, err := d.output(ctx, "version", "--format", "{{.Server.Version}}"); err != nil {
		return nil, fmt.Errorf("docker does not answer: start Docker Desktop, or `sudo systemctl start docker`; "+
			"where it runs, your account may not use it (`sudo usermod -aG docker $USER`, then log in again)\n%w", err)
	}
	for _, program := range programs {
		if (&Docker{CLI: program}).builds(ctx) {
			d.CLI = program
			d.Compose = d.findCompose(ctx)
			if d.Compose == nil {
				return nil, errors.New("docker has no compose: install its plugin (Debian: apt-get install docker-compose; else docker-compose-plugin)")
			}
			return d, nil
		}
	}
	return nil, errors.New("docker cannot build with BuildKit: install its buildx plugin (docker-buildx-plugin)")
}

// builds says whether this program can use BuildKit: before version 23 by itself, since then by a plugin.
func (d *Docker) builds(ctx context.Context) bool {
	if _, err := d.output(ctx, "buildx", "version"); err == nil {
		return true
	}
	version, err := d.output(ctx, "version", "--format", "{{.Client.Version}}")
	major, _, _ := strings.Cut(version, ".")
	number, wrong := strconv.Atoi(major)
	return err == nil && wrong == nil && number < 23
}

func (d *Docker) findCompose(ctx context.Context) []string {
	if _, err := d.output(ctx, "compose", "version"); err == nil {
		return []string{d.CLI, "compose"}
	}
	if path, err := exec.LookPath("docker-compose"); err == nil {
		return []string{path}
	}
	return nil
}

// onPath lists every program of a name that the PATH leads to.
func onPath(name string) []string {
	var found []string
	for _, dir := range filepath.SplitList(os.Getenv("PATH")) {
		if path, err := exec.LookPath(filepath.Join(dir, name)); err == nil {
			found = append(found, path)
		}
	}
	return found
}

// output runs docker and gives what it printed.
func (d *Docker) output(ctx context.Context, args ...string) (string, error) {
	return run(ctx, nil, append([]string{d.CLI}, args...)...)
}

// compose runs a compose command on a stack.
func (d *Docker) compose(ctx context.Context, s *Stack, args ...string) (string, error) {
	return run(ctx, nil, d.composeWords(s, args...)...)
}

// composeWords is a whole compose command.
func (d *Docker) composeWords(s *Stack, args ...string) []string {
	words := slices.Concat(d.Compose, []string{"-p", Project, "--project-directory", s.Dir, "--env-file", filepath.Join(s.Dir, "versions.env")})
	for _, file := range s.Files {
		words = append(words, "-f", file)
	}
	return append(words, args...)
}

// build builds one of our own images.
func (d *Docker) build(ctx context.Context, root, target, base, version string) error {
	_, err := run(ctx, []string{"DOCKER_BUILDKIT=1"}, d.CLI, "build", "-q", "--target", target, "-t", "stormglass/"+target+":local",
		"--build-arg", "BUILD_IMAGE="+base, "--build-arg", "VERSION="+version, root)
	return err
}

// failure is a command that failed, with the last that it said.
type failure struct {
	command string
	said    string
	err     error
}

func (f *failure) Error() string { return fmt.Sprintf("%s: %v\n%s", f.command, f.err, f.said) }
func (f *failure) Unwrap() error { return f.err }

// saidLines is how much of a failed command's words is shown.
const saidLines = 15

func run(ctx context.Context, env []string, words ...string) (string, error) {
	c := exec.CommandContext(ctx, words[0], words[1:]...)
	c.Env = append(os.Environ(), env...)
	var out, errs bytes.Buffer
	c.Stdout, c.Stderr = &out, &errs
	if err := c.Run(); err != nil {
		short := strings.Join(append([]string{filepath.Base(words[0])}, words[1:min(3, len(words))]...), " ")
		return "", &failure{short, tail(errs.String()+out.String(), saidLines), err}
	}
	return strings.TrimSpace(out.String()), nil
}

// tail gives the last lines of a text, indented.
func tail(text string, n int) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return "    " + strings.Join(lines[max(0, len(lines)-n):], "\n    ")
}
