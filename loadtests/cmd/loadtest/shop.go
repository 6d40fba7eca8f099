package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

const (
	// answerWithin is how long the shop may take to describe itself.
	answerWithin = 5 * time.Second
	// bootPatience is how long the shop of this machine may take to start, which should be about a second.
	bootPatience = 90 * time.Second
	// lookEvery is how often a shop that is starting is looked for.
	lookEvery = 100 * time.Millisecond
)

// find tells whether the shop is running, or whether one has to be started.
func (t *test) find(ctx context.Context) (running bool, err error) {
	err = reach(ctx, t.baseURL)
	switch {
	case err == nil:
		return true, nil
	case ctx.Err() != nil:
		return false, errInterrupted
	case t.named:
		return false, badInput("BASE_URL=%s does not answer as a shop: %w: start one with `bin/stormglass up --port 8080`, or name the address of one that runs", t.baseURL, err)
	case errors.Is(err, syscall.ECONNREFUSED):
		return false, nil
	}
	return false, badInput("something at %s is not the shop: %w: stop it, or name the address of a shop by BASE_URL", t.baseURL, err)
}

// reach asks a shop for its API's description.
func reach(ctx context.Context, base string) error {
	ctx, cancel := context.WithTimeout(ctx, answerWithin)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, strings.TrimSuffix(base, "/")+"/openapi.json", nil)
	if err != nil {
		return fmt.Errorf("make request: %w", err)
	}
	resp, err := http.DefaultClient.Do(req)
	if wrapped, ok := errors.AsType[*url.Error](err); ok {
		return wrapped.Err // whoever reads it knows the address
	}
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	var description struct {
		Paths map[string]json.RawMessage `json:"paths"`
	}
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("/openapi.json answers %s", resp.Status)
	}
	if err := json.NewDecoder(resp.Body).Decode(&description); err != nil || description.Paths["/v1/orders"] == nil {
		return errors.New("/openapi.json does not describe a shop that takes orders")
	}
	return nil
}

// startShop starts the shop of this machine and waits until it answers. Its words go to a file in the folder.
func (t *test) startShop(ctx context.Context, folder string) (*child, error) {
	address, err := url.Parse(t.baseURL)
	if err != nil {
		return nil, fmt.Errorf("read address: %w", err)
	}
	words, err := os.Create(filepath.Join(folder, "shop.log"))
	if err != nil {
		return nil, fmt.Errorf("make log: %w", err)
	}
	defer words.Close()
	fmt.Fprintf(t.out, "no shop runs at %s: starting one\n", t.baseURL)
	program := filepath.Join(t.root, "bin", "stormglass")
	shop, err := launch([]string{program, "up", "--system", filepath.Join(t.root, "system", "shop.yaml"), "--no-observe", "--port", address.Port()}, nil, words, words)
	if err != nil {
		return nil, err
	}
	if err := t.await(ctx, shop, words.Name()); err != nil {
		shop.stop()
		return nil, err
	}
	return shop, nil
}

// await waits until the shop answers or ends.
func (t *test) await(ctx context.Context, shop *child, log string) error {
	ctx, cancel := context.WithTimeoutCause(ctx, bootPatience, fmt.Errorf("start shop: no answer within %s, see %s", bootPatience, log))
	defer cancel()
	for reach(ctx, t.baseURL) != nil {
		select {
		case <-shop.ended:
			said, err := os.ReadFile(log)
			return codeError{shop.code(), fmt.Errorf("start shop: it ended: %s", errors.Join(errors.New(strings.TrimSpace(string(said))), err))}
		case <-ctx.Done():
			if errors.Is(ctx.Err(), context.DeadlineExceeded) {
				return codeError{exitFailed, context.Cause(ctx)}
			}
			return errInterrupted
		case <-time.After(lookEvery):
		}
	}
	return nil
}
