package messenger

import (
	"net/http"
	"time"

	"stormglass/system/standins/front"
)

// Routes are the company's own, and its books.
func (b *Book) Routes() *http.ServeMux {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /v1/sms", func(w http.ResponseWriter, r *http.Request) { b.take(w, r, "sms") })
	mux.HandleFunc("POST /v1/push", func(w http.ResponseWriter, r *http.Request) { b.take(w, r, "push") })
	mux.HandleFunc("GET /books", func(w http.ResponseWriter, _ *http.Request) {
		front.Books(w, map[string]any{"duplicates": b.Duplicates()}, "messages", b.Messages)
	})
	return mux
}

func (b *Book) take(w http.ResponseWriter, r *http.Request, channel string) {
	var m Message
	if !front.Decode(w, r, &m) {
		return
	}
	if field := m.missing(); field != "" {
		front.Refuse(w, http.StatusBadRequest, "field_missing", "the field %q is missing or empty", field)
		return
	}
	m.Channel, m.ReceivedAt = channel, time.Now().UTC()
	o, err := b.Keep(m)
	switch {
	case err != nil:
		front.Refuse(w, http.StatusInternalServerError, "not_kept", "the message could not be written down")
	case o == reused:
		front.Refuse(w, http.StatusConflict, "id_reused", "another message was sent under this id; use a new id")
	case o == duplicate:
		front.JSON(w, http.StatusOK, map[string]any{"id": m.ID, "duplicate": true})
	default:
		front.JSON(w, http.StatusCreated, map[string]any{"id": m.ID, "duplicate": false})
	}
}
