package carrier

import (
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"stormglass/system/standins/front"
)

// maxKey is the longest idempotency key, in bytes.
const maxKey = 255

// Routes are the company's own, and its books. A parcel is dispatched some time after it was booked.
func (b *Book) Routes(dispatchAfter time.Duration) *http.ServeMux {
	h := handlers{b, dispatchAfter}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /v1/parcels", h.post)
	mux.HandleFunc("GET /v1/parcels/{id}", h.get)
	mux.HandleFunc("GET /books", h.books)
	return mux
}

type handlers struct {
	book          *Book
	dispatchAfter time.Duration
}

// shown is a parcel as clients see it.
type shown struct {
	Parcel
	State string `json:"state"`
}

func (h handlers) show(p Parcel) shown { return shown{p, p.State(time.Now(), h.dispatchAfter)} }

func (h handlers) post(w http.ResponseWriter, r *http.Request) {
	var want Booking
	if !front.Decode(w, r, &want) {
		return
	}
	key := r.Header.Get("Idempotency-Key")
	if key == "" || len(key) > maxKey {
		front.Refuse(w, http.StatusBadRequest, "idempotency_key_missing", "the header Idempotency-Key must have 1 to %d bytes", maxKey)
		return
	}
	if problem := want.problem(); problem != "" {
		front.Refuse(w, http.StatusBadRequest, "field_invalid", "%s", problem)
		return
	}
	if place, nobody := unserved[want.Address.Country]; nobody {
		h.refuse(w, place)
		return
	}
	p, again, reused, err := h.book.book(key, want, time.Now().UTC())
	switch {
	case err != nil:
		notKept(w)
	case reused:
		front.Refuse(w, http.StatusConflict, "idempotency_key_reused", "this Idempotency-Key was used for another booking; use a new one")
	default:
		if again {
			w.Header().Set("Idempotent-Replayed", "true")
		}
		front.JSON(w, http.StatusCreated, h.show(p))
	}
}

func (h handlers) refuse(w http.ResponseWriter, place string) {
	if err := h.book.refuse(); err != nil {
		notKept(w)
		return
	}
	front.Refuse(w, http.StatusUnprocessableEntity, "country_not_served", "we do not deliver to %s", place)
}

func (h handlers) get(w http.ResponseWriter, r *http.Request) {
	p, known, err := h.book.find(r.PathValue("id"))
	switch {
	case err != nil:
		notKept(w)
	case !known:
		front.Refuse(w, http.StatusNotFound, "no_such_parcel", "there is no parcel with this id")
	default:
		front.JSON(w, http.StatusOK, h.show(p))
	}
}

func (h handlers) books(w http.ResponseWriter, _ *http.Request) {
	h.book.mu.Lock()
	refused := h.book.refused
	h.book.mu.Unlock()
	front.Books(w, map[string]any{"refused": refused}, "parcels", func(yield func([]byte) error) error {
		return h.book.journal.Lines(func(line []byte) error {
			var e entry
			if err := json.Unmarshal(line, &e); err != nil {
				return fmt.Errorf("decode entry: %w", err)
			}
			if e.Parcel == nil {
				return nil
			}
			text, err := json.Marshal(h.show(*e.Parcel))
			if err != nil {
				return fmt.Errorf("encode parcel: %w", err)
			}
			return yield(text)
		})
	})
}

func notKept(w http.ResponseWriter) {
	front.Refuse(w, http.StatusInternalServerError, "books_unavailable", "the carrier's books cannot be read or written")
}
