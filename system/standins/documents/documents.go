// Package documents stands in for MongoDB: FerretDB speaks its protocol and keeps the documents in SQLite files.
//
// It has documents, queries and indexes, but no transactions and no sessions.
package documents

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/FerretDB/FerretDB/ferretdb"
	"github.com/rs/zerolog"

	"stormglass/system/platform/boot"
	"stormglass/system/standins/front"
)

// farewell is how long a stop waits for the server, which would wait seconds for clients to leave. What it
// acknowledged is in its files by then.
const farewell = 100 * time.Millisecond

type settings struct {
	Mongo string `env:"MONGO_ADDR,required,notEmpty"`
	HTTP  string `env:"HTTP_ADDR,required,notEmpty"`
	Data  string `env:"DATA,required,notEmpty"`
}

// Run serves the MongoDB protocol until the program stops.
func Run(ctx context.Context, rt *boot.Runtime) error {
	var s settings
	if err := boot.Settings(&s); err != nil {
		return err
	}
	if err := front.MustBeFree(s.Mongo); err != nil {
		return fmt.Errorf("mongo: %w", err)
	}
	srv, err := open(s, rt.Log)
	if err != nil {
		return err
	}
	serve(ctx, rt, srv)
	rt.Log.Info().Str("server", "mongo").Str("address", s.Mongo).Msg("listening")
	return front.Serve(ctx, rt, s.HTTP, http.NewServeMux())
}

// open makes the server, and the folder of its data the working directory: FerretDB pastes the folder's path into a URI without
// escaping it and takes it for a pattern when it looks for its files, so that only a relative one is safe from what its name holds.
func open(s settings, log zerolog.Logger) (*ferretdb.FerretDB, error) {
	folder, err := filepath.Abs(s.Data)
	if err != nil {
		return nil, fmt.Errorf("find folder of documents: %w", err)
	}
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return nil, fmt.Errorf("make folder of documents: %w", err)
	}
	if err := os.Chdir(folder); err != nil {
		return nil, fmt.Errorf("enter folder of documents: %w", err)
	}
	srv, err := ferretdb.New(&ferretdb.Config{
		Listener: ferretdb.ListenerConfig{TCP: s.Mongo}, Handler: "sqlite", SQLiteURL: "file:./",
		Logger: slog.New(errorsOnly{log}),
	})
	if err != nil {
		return nil, fmt.Errorf("start document server on %s with its data in %s: %w", s.Mongo, folder, err)
	}
	return srv, nil
}

func serve(ctx context.Context, rt *boot.Runtime, srv *ferretdb.FerretDB) {
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx)) // it stops at its turn in the teardown
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = srv.Run(ctx) // always nil
	}()
	rt.OnStop("mongo", func(context.Context) error {
		cancel()
		select {
		case <-done:
		case <-time.After(farewell):
		}
		return nil
	})
}

// errorsOnly passes on what FerretDB logs as errors; it has a line for each connection that comes and goes.
type errorsOnly struct{ log zerolog.Logger }

func (errorsOnly) Enabled(_ context.Context, l slog.Level) bool { return l >= slog.LevelError }

func (h errorsOnly) Handle(_ context.Context, r slog.Record) error {
	h.log.Error().Msg(r.Message)
	return nil
}

func (h errorsOnly) WithAttrs([]slog.Attr) slog.Handler { return h }
func (h errorsOnly) WithGroup(string) slog.Handler      { return h }
