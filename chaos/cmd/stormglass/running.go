package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"stormglass/chaos/evidence"
	"stormglass/chaos/observe"
)

const (
	// upPrefix begins the names of the folders of running ups, below the folder for temporary files.
	upPrefix = "stormglass-up-"
	// askFile says in such a folder where its observer answers.
	askFile = "ask.json"
	// greeting bounds how long a running up may take to say that it is there.
	greeting = 2 * time.Second
)

// running is what an up says of itself to those who want to ask it.
type running struct {
	Folder string    `json:"-"`
	Ask    string    `json:"ask"`    // base URL of its observer
	Public string    `json:"public"` // base URL of its system
	Since  time.Time `json:"since"`
}

// String is the up in one line, for choosing among several.
func (r running) String() string {
	return fmt.Sprintf("%s (%s, up since %s)", r.Folder, r.Public, r.Since.UTC().Format(time.TimeOnly))
}

// announce lets an observer be asked until stop is called, and says so in the folder.
func announce(ctx context.Context, answers observe.Answers, folder, public string) (stop func() error, err error) {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("listen for questions: %w", err)
	}
	server := &http.Server{Handler: observe.Handler(answers), ReadHeaderTimeout: greeting}
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(listener) }()
	stop = func() error {
		err := server.Close()
		if served := <-ended; !errors.Is(served, http.ErrServerClosed) {
			err = errors.Join(err, served)
		}
		return err
	}
	here := running{Ask: "http://" + listener.Addr().String(), Public: public, Since: time.Now()}
	if err := evidence.WriteJSON(filepath.Join(folder, askFile), here); err != nil {
		return nil, errors.Join(err, stop())
	}
	return stop, nil
}

// runningIn reads what an up in a folder says of itself, and makes sure that it is there.
func runningIn(ctx context.Context, folder string) (running, error) {
	text, err := os.ReadFile(filepath.Join(folder, askFile))
	if err != nil {
		return running{}, fmt.Errorf("find running up: %w", err)
	}
	r := running{Folder: folder}
	if err := json.Unmarshal(text, &r); err != nil {
		return running{}, fmt.Errorf("find running up: read %s: %w", folder, err)
	}
	ctx, cancel := context.WithTimeout(ctx, greeting)
	defer cancel()
	if _, _, err := (observe.Remote{BaseURL: r.Ask}).Slowest(ctx, 1); err != nil {
		return running{}, fmt.Errorf("find running up: the one in %s does not answer: %w", folder, err)
	}
	return r, nil
}

// theRunning finds the one up that there is.
func theRunning(ctx context.Context) (running, error) {
	folders, err := fs.Glob(os.DirFS(os.TempDir()), upPrefix+"*")
	if err != nil {
		return running{}, fmt.Errorf("find running up: %w", err)
	}
	var found []running
	for _, folder := range folders {
		if r, err := runningIn(ctx, filepath.Join(os.TempDir(), folder)); err == nil {
			found = append(found, r)
		}
	}
	switch len(found) {
	case 0:
		return running{}, errors.New("find running up: there is none that is observed; start one by stormglass up, or name the evidence folder of a run")
	case 1:
		return found[0], nil
	}
	var list []string
	for _, r := range found {
		list = append(list, "\n  "+r.String())
	}
	return running{}, fmt.Errorf("find running up: there are %d; name the folder of one:%s", len(found), strings.Join(list, ""))
}
