package cardprocessor

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/opentracing/opentracing-go"
	"github.com/opentracing/opentracing-go/ext"
	"github.com/rs/zerolog"

	"stormglass/system/standins/front"
)

const (
	maxForm = 64 << 10 // bytes of a form
	maxKey  = 255      // bytes of an idempotency key
)

// API is the processor's HTTP side.
type API struct {
	ledger *Ledger
	key    string // the shop's secret API key
	tracer opentracing.Tracer
	log    zerolog.Logger
}

// Routes are those of the API, and the books.
func (a *API) Routes() *http.ServeMux {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /books", a.books)
	mux.HandleFunc("POST /v1/payment_intents", a.change(a.create,
		"amount", "currency", "payment_method", "description", "metadata", "confirm", "payment_method_types", "automatic_payment_methods", "expand"))
	mux.HandleFunc("POST /v1/payment_intents/{id}/confirm", a.change(a.confirm, "payment_method", "return_url", "expand"))
	mux.HandleFunc("POST /v1/payment_intents/{id}/cancel", a.change(a.cancel, "cancellation_reason", "expand"))
	mux.HandleFunc("POST /v1/refunds", a.change(a.refund, "payment_intent", "amount", "reason", "metadata", "expand"))
	mux.HandleFunc("GET /v1/payment_intents", a.look(a.listIntents, "created", "limit", "starting_after", "expand"))
	mux.HandleFunc("GET /v1/payment_intents/{id}", a.look(a.showIntent, "expand"))
	mux.HandleFunc("GET /v1/refunds/{id}", a.look(a.showRefund, "expand"))
	mux.HandleFunc("/v1/", a.look(func(string, params) answer {
		return (&refusal{status: http.StatusNotFound, Type: typeRequest, Message: "There is no such call; see the package's documentation for those there are."}).answer()
	}, "expand"))
	return mux
}

// rule decides about a request: the id in its path, if any, and its parameters. It runs with the ledger locked.
type rule func(id string, p params, now time.Time) outcome

func (a *API) create(_ string, p params, now time.Time) outcome { return create(p, now) }

func (a *API) confirm(id string, p params, _ time.Time) outcome {
	i, found := a.ledger.intent(id)
	if !found {
		return refuse(noSuch("payment intent", id, ""))
	}
	return confirm(i, p)
}

func (a *API) cancel(id string, p params, now time.Time) outcome {
	i, found := a.ledger.intent(id)
	if !found {
		return refuse(noSuch("payment intent", id, ""))
	}
	return cancel(i, p, now)
}

func (a *API) refund(_ string, p params, now time.Time) outcome {
	id := p.text("payment_intent")
	if id == "" {
		return refuse(badRequest("parameter_missing", "payment_intent", "The parameter 'payment_intent' is missing."))
	}
	i, found := a.ledger.intent(id)
	if !found {
		return refuse(noSuch("payment intent", id, "payment_intent"))
	}
	c, _ := cardOf(i.Card) // a charge was made with a card that there is
	return giveBack(i, p, c.refundPlan(len(a.ledger.refundsOf[id])), now, a.ledger.options.Refunds)
}

func (a *API) showIntent(id string, p params) answer {
	i, found := a.ledger.intent(id)
	if !found {
		return noSuch("payment intent", id, "").answer()
	}
	return ok(a.shown(i, p, ""))
}

func (a *API) showRefund(id string, _ params) answer {
	r, found := a.ledger.refund(id)
	if !found {
		return noSuch("refund", id, "").answer()
	}
	return ok(r.object())
}

// change answers a POST by a rule, once for its idempotency key.
func (a *API) change(decide rule, known ...string) http.HandlerFunc {
	return a.serve(func(r *http.Request, req request) (answer, error) {
		p, refused := readForm(r, known)
		if refused != nil {
			return refused.answer(), nil
		}
		if req.key, refused = keyOf(r); refused != nil {
			return refused.answer(), nil
		}
		req.expand = p.expandsCharge()
		req.content = sha256.Sum256([]byte(r.URL.Path + "\n" + p.values.Encode()))
		return a.ledger.perform(req, func(now time.Time) outcome { return decide(r.PathValue("id"), p, now) })
	})
}

// look answers a GET from the ledger, which it reads locked.
func (a *API) look(show func(id string, p params) answer, known ...string) http.HandlerFunc {
	return a.serve(func(r *http.Request, _ request) (answer, error) {
		p := params{r.URL.Query()}
		if refused := p.check(known...); refused != nil {
			return refused.answer(), nil
		}
		return a.ledger.read(func() answer { return show(r.PathValue("id"), p) })
	})
}

// serve is what all calls have in common: a span, the API key, the answer's headers, a log line.
func (a *API) serve(call func(*http.Request, request) (answer, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		span := serverSpan(a.tracer, r)
		defer span.Finish()
		req := request{id: "req_" + rand.Text()[:16], trace: carry(a.tracer, span)}
		result := answer{}
		var err error
		if refused := a.authenticate(r); refused != nil {
			result = refused.answer()
		} else if result, err = call(r, req); err != nil {
			result = brokenBooks().answer()
		}
		ext.HTTPStatusCode.Set(span, uint16(result.status))
		if result.status >= http.StatusInternalServerError {
			ext.Error.Set(span, true)
		}
		a.log.Info().Err(err).Str("trace_id", traceID(span)).Str("request", req.id).Str("call", r.Pattern).
			Int("status", result.status).Msg("answered")
		result.write(w, r, req.id)
	}
}

func (a answer) write(w http.ResponseWriter, r *http.Request, requestID string) {
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Request-Id", requestID)
	h.Set("Stripe-Version", apiVersion)
	if key := r.Header.Get("Idempotency-Key"); key != "" && len(key) <= maxKey {
		h.Set("Idempotency-Key", key)
	}
	if a.original != "" {
		h.Set("Idempotent-Replayed", "true")
		h.Set("Original-Request", a.original)
	}
	if a.retry {
		h.Set("Stripe-Should-Retry", "true")
	}
	w.WriteHeader(a.status)
	_, _ = w.Write(append(a.body, '\n')) // the client has left; it will ask again under its key
}

// authenticate checks the API key: as a bearer token, or as the user of basic authentication.
func (a *API) authenticate(r *http.Request) *refusal {
	given, isBearer := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if !isBearer {
		given, _, _ = r.BasicAuth()
	}
	if subtle.ConstantTimeCompare([]byte(given), []byte(a.key)) == 1 {
		return nil
	}
	refused := &refusal{status: http.StatusUnauthorized, Type: typeRequest, Message: "This is not the API key of a shop we know."}
	if given == "" {
		refused.Message = "There is no API key. Send it as a bearer token, or as the user of basic authentication."
	}
	return refused
}

func readForm(r *http.Request, known []string) (params, *refusal) {
	r.Body = http.MaxBytesReader(nil, r.Body, maxForm)
	if err := r.ParseForm(); err != nil {
		if _, tooBig := errors.AsType[*http.MaxBytesError](err); tooBig {
			return params{}, &refusal{status: http.StatusRequestEntityTooLarge, Type: typeRequest, Message: "The form is too large."}
		}
		return params{}, badRequest("", "", "The body is not form-encoded.")
	}
	p := params{r.PostForm}
	if len(r.URL.RawQuery) > 0 {
		return p, badRequest("", "", "Send parameters in the body, not in the address.")
	}
	return p, p.check(known...)
}

func keyOf(r *http.Request) (*hash, *refusal) {
	key := r.Header.Get("Idempotency-Key")
	if key == "" {
		return nil, nil
	}
	if len(key) > maxKey {
		return nil, badRequest("", "", "The Idempotency-Key is longer than %d bytes.", maxKey)
	}
	h := hash(sha256.Sum256([]byte(key)))
	return &h, nil
}

func (a *API) books(w http.ResponseWriter, _ *http.Request) {
	b, err := a.ledger.Books()
	if err != nil {
		front.Refuse(w, http.StatusInternalServerError, "books_unavailable", "the ledger cannot be read: %v", err)
		return
	}
	front.JSON(w, http.StatusOK, b)
}
