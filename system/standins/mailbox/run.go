package mailbox

import (
	"context"
	"fmt"
	"net/http"
	"path/filepath"

	"stormglass/system/platform/boot"
	"stormglass/system/standins/front"
)

type settings struct {
	SMTP string `env:"SMTP_ADDR,required,notEmpty"`
	HTTP string `env:"HTTP_ADDR,required,notEmpty"`
	Data string `env:"DATA,required,notEmpty"`
}

// Run receives e-mail until the program stops.
func Run(ctx context.Context, rt *boot.Runtime) error {
	var s settings
	if err := boot.Settings(&s); err != nil {
		return err
	}
	book, err := Open(filepath.Join(s.Data, "messages.jsonl"))
	if err != nil {
		return err
	}
	rt.OnStop("book", func(context.Context) error { return book.Close() })
	l, err := boot.Listen(s.SMTP)
	if err != nil {
		return fmt.Errorf("smtp: %w", err)
	}
	srv := newServer(book, rt.Log)
	rt.Serve("smtp", l, srv.Serve, func(context.Context) error { return stop(srv, l) })
	return front.Serve(ctx, rt, s.HTTP, book.Routes())
}

// Routes show the book.
func (b *Book) Routes() *http.ServeMux {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /books", func(w http.ResponseWriter, _ *http.Request) { front.Books(w, nil, "messages", b.Messages) })
	mux.HandleFunc("GET /messages", func(w http.ResponseWriter, r *http.Request) {
		to := r.URL.Query().Get("to")
		if to == "" {
			front.Refuse(w, http.StatusBadRequest, "field_missing", "say whose messages: /messages?to=ADDRESS")
			return
		}
		front.Books(w, nil, "messages", b.MessagesTo(to))
	})
	return mux
}
