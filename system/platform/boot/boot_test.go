package boot

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"stormglass/internal/await"
	"stormglass/internal/ports/portstest"
)

// program runs a program in the background, as Run would; the returned function asks it to stop and gives its error.
func program(t *testing.T, p Program) (stop func() error) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- run(ctx, "test", p, io.Discard) }()
	return func() error {
		cancel()
		return <-done
	}
}

func TestEveryWrongSettingIsReportedAtOnce(t *testing.T) {
	t.Setenv("COUNT", "many")
	t.Setenv("SOMEBODY_ELSES_FILE", "/nowhere")
	var c struct {
		Inner struct {
			Count int `env:"COUNT"`
		}
		Name string `env:"NAME_OF_IT,required"`
		Word Secret `env:"WORD" envDefault:"x"`
	}
	err := Settings(&c)
	if !errors.Is(err, ErrUsage) || !strings.Contains(err.Error(), "COUNT: want a int") || !strings.Contains(err.Error(), "NAME_OF_IT") {
		t.Errorf("got %v, want both settings named", err)
	}
}

func TestWhatIsRequiredMustNotBeEmpty(t *testing.T) {
	file := filepath.Join(t.TempDir(), "word")
	if err := os.WriteFile(file, []byte("\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("EMPTY_WORD", "")
	t.Setenv("EMPTY_FILE_WORD_FILE", file)
	var c struct {
		One   Secret `env:"EMPTY_WORD,required"`
		Other Secret `env:"EMPTY_FILE_WORD,required"`
	}
	err := Settings(&c)
	if !errors.Is(err, ErrUsage) || !strings.Contains(err.Error(), "EMPTY_WORD") || !strings.Contains(err.Error(), "EMPTY_FILE_WORD") {
		t.Errorf("got %v, want both settings named", err)
	}
}

func TestSecretsCanBeFilesAndDoNotShow(t *testing.T) {
	file := filepath.Join(t.TempDir(), "word")
	if err := os.WriteFile(file, []byte("hunter2\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("WORD_FILE", file)
	var c struct {
		Word Secret `env:"WORD,required"`
	}
	if err := Settings(&c); err != nil {
		t.Fatal(err)
	}
	if string(c.Word) != "hunter2" || strings.Contains(fmt.Sprintf("%v %+v %s", c, c, c.Word), "hunter2") {
		t.Errorf("got %q, shown as %+v", string(c.Word), c)
	}
}

func TestTeardownRunsLastInFirstOutAndAfterTheDrain(t *testing.T) {
	var mu sync.Mutex
	var steps []string
	note := func(step string) {
		mu.Lock()
		defer mu.Unlock()
		steps = append(steps, step)
	}
	wired := make(chan struct{})
	stop := program(t, func(_ context.Context, rt *Runtime) error {
		rt.OnStop("store", func(context.Context) error { note("store"); return nil })
		rt.Go("worker", func(ctx context.Context) error { <-ctx.Done(); note("worker"); return ctx.Err() })
		close(wired)
		return nil
	})
	select {
	case <-wired:
	case <-time.After(time.Minute):
		t.Fatalf("the program did not start: %v", stop())
	}
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(steps, " "); got != "worker store" {
		t.Errorf("got %q, want %q", got, "worker store")
	}
}

func TestReadinessWaitsForTheWarmUpAndNotForItsSuccess(t *testing.T) {
	warmed := make(chan struct{})
	var ready func() bool
	stop := program(t, func(_ context.Context, rt *Runtime) error {
		ready = rt.readiness.wired.Load
		rt.BeforeReady("neighbour", func(context.Context) error {
			if ready() {
				t.Error("ready before the warm-up")
			}
			close(warmed)
			return errors.New("away")
		})
		return nil
	})
	<-warmed
	await.NoError(t, func() error {
		if !ready() {
			return errors.New("not ready though the warm-up is over")
		}
		return nil
	})
	if err := stop(); err != nil {
		t.Error(err)
	}
}

func TestFailedWorkEndsTheProgramWithItsError(t *testing.T) {
	broken := errors.New("broken")
	err := run(t.Context(), "test", func(_ context.Context, rt *Runtime) error {
		rt.Go("worker", func(context.Context) error { return broken })
		return nil
	}, io.Discard)
	if !errors.Is(err, broken) {
		t.Errorf("got %v, want %v", err, broken)
	}
}

func TestPortInUseIsTheOperatorsToCorrect(t *testing.T) {
	l, err := Listen("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if _, err := Listen(l.Addr().String()); !errors.Is(err, ErrUsage) || !strings.Contains(err.Error(), l.Addr().String()) {
		t.Errorf("got %v, want a usage error that names %s", err, l.Addr())
	}
}

func TestReadinessNamesWhatFailsAndWhatIsDegraded(t *testing.T) {
	addr := portstest.Free(t)
	t.Setenv("ADMIN_ADDR", addr)
	database := errors.New("gone")
	var mu sync.Mutex
	away := true
	stop := program(t, func(_ context.Context, rt *Runtime) error {
		rt.ReadyWhen("own-db", func(context.Context) error {
			mu.Lock()
			defer mu.Unlock()
			if away {
				return database
			}
			return nil
		})
		rt.DegradedWhen("broker", func(context.Context) error { return errors.New("away") })
		return nil
	})
	defer stop()
	await.NoError(t, func() error { return answers(addr, http.StatusServiceUnavailable, `"own-db":"gone"`) })
	mu.Lock()
	away = false
	mu.Unlock()
	await.NoError(t, func() error { return answers(addr, http.StatusOK, `"degraded":{"broker":"away"}`) })
}

func answers(addr string, status int, text string) error {
	resp, err := http.Get("http://" + addr + "/readyz")
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err == nil && (resp.StatusCode != status || !strings.Contains(string(body), text)) {
		err = fmt.Errorf("got %d %s, want %d with %s", resp.StatusCode, body, status, text)
	}
	return err
}
