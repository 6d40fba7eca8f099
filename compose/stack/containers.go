package stack

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"slices"
	"strconv"
	"strings"
)

// container is one of the stack's, as Docker lists it.
type container struct {
	id, service, state, status string
}

// containers lists those of the stack, whether they run or not.
func (d *Docker) containers(ctx context.Context) ([]container, error) {
	text, err := d.output(ctx, "ps", "-a", "--filter", "label=com.docker.compose.project="+Project,
		"--format", `{{.ID}}|{{.Label "com.docker.compose.service"}}|{{.State}}|{{.Status}}`)
	if err != nil {
		return nil, fmt.Errorf("list containers: %w", err)
	}
	var list []container
	for line := range strings.Lines(text) {
		if f := strings.SplitN(strings.TrimSpace(line), "|", 4); len(f) == 4 {
			list = append(list, container{f[0], f[1], f[2], f[3]})
		}
	}
	return list, nil
}

// well says whether a container runs, and says of itself that it is well if it can.
func (c container) well() bool {
	return c.state == "running" && (!strings.Contains(c.status, "(") || strings.Contains(c.status, "(healthy)"))
}

// fallsAllowed is how often a container may end and begin again before it counts as ill: what it needs may come late.
const fallsAllowed = 3

// ill says whether a container will not get well by itself.
func (d *Docker) ill(ctx context.Context, c container) (bool, error) {
	if c.state != "restarting" && c.state != "exited" {
		return strings.Contains(c.status, "(unhealthy)") || c.state == "dead", nil
	}
	text, err := d.output(ctx, "inspect", "--format", "{{.RestartCount}}", c.id)
	if err != nil {
		return false, fmt.Errorf("look at %s: %w", c.service, err)
	}
	falls, err := strconv.Atoi(text)
	return falls >= fallsAllowed, err
}

// look lists the services that are not ready yet. One that is ill, or ended and begins again and again, is an error.
func (d *Docker) look(ctx context.Context, s *Stack) (waiting []string, err error) {
	list, err := d.containers(ctx)
	if err != nil {
		return nil, err
	}
	for _, name := range s.running() {
		at := slices.IndexFunc(list, func(c container) bool { return c.service == name })
		if at >= 0 && list[at].well() {
			continue
		}
		waiting = append(waiting, name)
		if at < 0 {
			continue
		}
		if ill, err := d.ill(ctx, list[at]); ill || err != nil {
			return nil, errors.Join(err, d.explain(ctx))
		}
	}
	return waiting, nil
}

// explain tells of every container that is not well, with the end of its log.
func (d *Docker) explain(ctx context.Context) (unwell error) {
	list, err := d.containers(ctx)
	if err != nil {
		return err
	}
	for _, c := range list {
		if c.well() || c.state == "created" || strings.Contains(c.status, "health: starting") && c.state == "running" {
			continue
		}
		log, err := exec.CommandContext(ctx, d.CLI, "logs", "--tail", "12", c.id).CombinedOutput()
		if err != nil {
			return errors.Join(unwell, fmt.Errorf("read the log of %s: %w", c.service, err))
		}
		unwell = errors.Join(unwell, fmt.Errorf("%s is not well (%s); its log ends with\n%s", c.service, c.status, tail(string(log), 12)))
	}
	return unwell
}
