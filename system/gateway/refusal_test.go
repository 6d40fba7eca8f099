package gateway

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"stormglass/internal/await"
	"stormglass/system/platform/problem"
)

// cardNumber is a test number of the card industry; it must not come back, wherever a client puts it.
const cardNumber = "4242424242424242"

func TestBadInputIsAnsweredByAProblemToActOn(t *testing.T) {
	d := newDesk(t)
	ada := d.token("u1")
	order := func(old, replacement string) string { return strings.Replace(checkoutBody, old, replacement, 1) }
	item := "/v1/cart/items/" + lamp
	key := map[string]string{"Idempotency-Key": "key-1"}
	register := `{"email":"ada@example.com","password":"correct horse","name":"Ada"}`
	plain := map[string]string{"Content-Type": "text/plain"}
	for name, c := range map[string]struct {
		request
		status         int
		reason, detail string
	}{
		"malformed JSON":            {request{"POST", "/v1/orders", `{"cart_version":7,`, ada, key}, 400, "malformed_json", "byte 18"},
		"two JSON values":           {request{"POST", "/v1/orders", checkoutBody + "{}", ada, key}, 400, "malformed_json", "byte"},
		"JSON that is no object":    {request{"PUT", item, `[1]`, ada, nil}, 400, "invalid_fields", "object"},
		"number out of range":       {request{"PUT", item, `{"quantity":1e999}`, ada, nil}, 400, "malformed_json", "out of range"},
		"no body":                   {request{"PUT", item, ``, ada, nil}, 400, "body_missing", "/docs"},
		"wrong content type":        {request{"PUT", item, `quantity=1`, ada, plain}, 415, "unsupported_media_type", "application/json"},
		"form by accident":          {request{"POST", "/v1/users", register, "", map[string]string{"Idempotency-Key": "k", "Content-Type": "application/x-www-form-urlencoded"}}, 415, "unsupported_media_type", "application/json"},
		"no content type":           {request{"PUT", item, `{"quantity":1}`, ada, map[string]string{"Content-Type": ""}}, 415, "unsupported_media_type", "application/json"},
		"JSON in Latin-1":           {request{"PUT", item, `{"quantity":1}`, ada, map[string]string{"Content-Type": "application/json; charset=iso-8859-1"}}, 415, "unsupported_media_type", "UTF-8"},
		"too large a body":          {request{"PUT", item, `{"quantity":"` + strings.Repeat("9", maxBody) + `"}`, ada, nil}, 413, "body_too_large", "1 MiB"},
		"no idempotency key":        {request{"POST", "/v1/orders", checkoutBody, ada, nil}, 400, "invalid_fields", "Idempotency-Key: is required: send 1 to 200"},
		"key for an account":        {request{"POST", "/v1/users", register, "", nil}, 400, "invalid_fields", "Idempotency-Key"},
		"key of digits":             {request{"POST", "/v1/orders", checkoutBody, ada, map[string]string{"Idempotency-Key": "1234567890"}}, 400, "invalid_fields", "at least one letter"},
		"key too long":              {request{"POST", "/v1/orders", checkoutBody, ada, map[string]string{"Idempotency-Key": strings.Repeat("k", 201)}}, 400, "invalid_fields", "200"},
		"unknown field":             {request{"PUT", item, `{"quantity":1,"colour":"red"}`, ada, nil}, 400, "invalid_fields", "colour: there is no such field"},
		"unknown parameter":         {request{"GET", "/v1/products?colour=red", "", "", nil}, 400, "invalid_fields", "colour: there is no such field"},
		"quantity missing":          {request{"PUT", item, `{}`, ada, nil}, 400, "invalid_fields", "quantity: is required"},
		"quantity 0":                {request{"PUT", item, `{"quantity":0}`, ada, nil}, 400, "invalid_fields", "quantity: expected number >= 1"},
		"quantity negative":         {request{"PUT", item, `{"quantity":-3}`, ada, nil}, 400, "invalid_fields", "quantity: expected number >= 1"},
		"quantity huge":             {request{"PUT", item, `{"quantity":99999999999999999999}`, ada, nil}, 400, "invalid_fields", "quantity: expected number <= 99"},
		"quantity broken":           {request{"PUT", item, `{"quantity":1.5}`, ada, nil}, 400, "invalid_fields", "quantity: expected integer"},
		"quantity a text":           {request{"PUT", item, `{"quantity":"two"}`, ada, nil}, 400, "invalid_fields", "quantity: expected integer"},
		"quantity null":             {request{"PUT", item, `{"quantity":null}`, ada, nil}, 400, "invalid_fields", "quantity"},
		"negative total":            {request{"POST", "/v1/orders", order("9998", "-1"), ada, key}, 400, "invalid_fields", "expected_total.minor"},
		"total of no currency":      {request{"POST", "/v1/orders", order("EUR", "euro"), ada, key}, 400, "invalid_fields", "expected_total.currency"},
		"country in words":          {request{"POST", "/v1/orders", order("DE", "Germany"), ada, key}, 400, "invalid_fields", "address.country: expected string to be two capital letters"},
		"street missing":            {request{"POST", "/v1/orders", order(`"street":"Harbour Road 7",`, ""), ada, key}, 400, "invalid_fields", "address.street: is required"},
		"text too long":             {request{"POST", "/v1/orders", order("Harbour Road 7", strings.Repeat("ä", 201)), ada, key}, 400, "invalid_fields", "address.street: expected length <= 200"},
		"U+0000 in a text":          {request{"POST", "/v1/orders", order("Harbour Road 7", `a\u0000b`), ada, key}, 400, "malformed_text", "remove it"},
		"U+0000 in the path":        {request{"GET", "/v1/products/a%00b", "", "", nil}, 400, "malformed_url", "encode"},
		"no UTF-8 in the query":     {request{"GET", "/v1/products?text=%ff%fe", "", "", nil}, 400, "malformed_url", "encode"},
		"card number as token":      {request{"POST", "/v1/cards", `{"token":"` + cardNumber + `"}`, ada, key}, 400, "card_number_refused", "pm_"},
		"card number with spaces":   {request{"POST", "/v1/cards", `{"token":"4242 4242 4242 4242"}`, ada, key}, 400, "card_number_refused", "pm_"},
		"card number as card_ref":   {request{"POST", "/v1/orders", order("card_1", cardNumber), ada, key}, 400, "card_number_refused", "pm_"},
		"card number as a number":   {request{"POST", "/v1/cards", `{"token":` + cardNumber + `}`, ada, key}, 400, "card_number_refused", "pm_"},
		"card number as a field":    {request{"POST", "/v1/cards", `{"` + cardNumber + `":1,"token":"pm_1"}`, ada, key}, 400, "card_number_refused", "pm_"},
		"card number among words":   {request{"POST", "/v1/orders", order("Harbour Road 7", "card 4242 4242 4242 4242"), ada, key}, 400, "card_number_refused", "pm_"},
		"card number in a key":      {request{"POST", "/v1/orders", checkoutBody, ada, map[string]string{"Idempotency-Key": "key-" + cardNumber}}, 400, "card_number_refused", "pm_"},
		"card number as a search":   {request{"GET", "/v1/products?text=4242+4242+4242+4242", "", "", nil}, 400, "card_number_refused", "pm_"},
		"card number as a path":     {request{"GET", "/v1/products/" + cardNumber, "", "", nil}, 400, "card_number_refused", "pm_"},
		"card number after a plus":  {request{"POST", "/v1/cards", `{"token":"+4242424242424242"}`, ada, key}, 400, "card_number_refused", "pm_"},
		"card number with dots":     {request{"POST", "/v1/cards", `{"token":"4242.4242.4242.4242"}`, ada, key}, 400, "card_number_refused", "pm_"},
		"card number in full width": {request{"POST", "/v1/cards", `{"token":"４２４２４２４２４２４２４２４２"}`, ada, key}, 400, "card_number_refused", "pm_"},
		"card number with U+200B":   {request{"POST", "/v1/cards", `{"token":"4242\u200b4242\u200b4242\u200b4242"}`, ada, key}, 400, "card_number_refused", "pm_"},
		"card token of no kind":     {request{"POST", "/v1/cards", `{"token":"tok_1"}`, ada, key}, 400, "invalid_fields", "never a card number"},
		"e-mail without @":          {request{"POST", "/v1/users", strings.Replace(register, "@", " at ", 1), "", key}, 400, "invalid_fields", "email: expected string to be an e-mail address"},
		"page 0":                    {request{"GET", "/v1/products?page=0", "", "", nil}, 400, "invalid_fields", "page: expected number >= 1"},
		"page in words":             {request{"GET", "/v1/products?page=one", "", "", nil}, 400, "invalid_fields", "page: invalid integer"},
		"sorted by nothing":         {request{"GET", "/v1/products?sort=price", "", "", nil}, 400, "invalid_fields", "price_asc"},
		"prices upside down":        {request{"GET", "/v1/products?min_price=2&max_price=1", "", "", nil}, 400, "invalid_fields", "min_price: at most max_price"},
		"unknown product":           {request{"GET", "/v1/products/no-such-lamp", "", "", nil}, 404, "product_not_found", "no such product"},
		"somebody else's order":     {request{"GET", "/v1/orders/0190c0de-0000-7000-8000-00000000ffff", "", ada, nil}, 404, "order_not_found", "of yours"},
		"events of no order":        {request{"GET", "/v1/orders/nope/events", "", ada, nil}, 404, "order_not_found", "of yours"},
		"unknown path":              {request{"GET", "/v1/nothing", "", "", nil}, 404, "no_such_route", "/docs"},
		"unknown method":            {request{"PATCH", "/v1/orders", "{}", ada, nil}, 405, "method_not_allowed", "use GET, POST"},
		"unsigned webhook":          {request{"POST", "/v1/webhooks/card-processor", "{}", "", nil}, 400, "invalid_fields", "Stripe-Signature"},
	} {
		t.Run(name, func(t *testing.T) {
			got := d.send(c.request)
			wantProblem(t, got, c.status, c.reason)
			if detail, _ := got.at("detail").(string); !strings.Contains(detail, c.detail) {
				t.Errorf("got detail %q, want it to contain %q", detail, c.detail)
			}
			if strings.Contains(got.text, cardNumber) || strings.Contains(got.text, "4242 4242") {
				t.Errorf("the answer repeats the card number: %s", got.text)
			}
		})
	}
	for _, method := range []string{"CreateOrder", "RegisterCard", "SetItem", "Register", "Search", "DeliverWebhook"} {
		if n := d.fakes.called(method); n != 0 {
			t.Errorf("%s was called %d times: bad input passed the door", method, n)
		}
	}
}

// UUIDs that hold what looks like a card number are good keys and ids.
func TestAUUIDIsNeverTakenForACardNumber(t *testing.T) {
	d := newDesk(t)
	ada := d.token("u1")
	d.send(request{method: "POST", path: "/v1/orders", token: ada, header: map[string]string{"Idempotency-Key": "ddd3413d-4106-4016-9976-6650a8106619"},
		body: strings.Replace(checkoutBody, "card_1", "card_01a78267-2225-7124-8858-7051ad321d67", 1)}).want(t, 202)
	wantProblem(t, d.send(request{path: "/v1/orders/01a78267-2225-7124-8858-7051ad321d67", token: ada}), 404, "order_not_found")
}

// wantProblem checks what is true of every problem.
func wantProblem(t *testing.T, got reply, status int, reason string) {
	t.Helper()
	if got.status != status || got.at("reason") != reason {
		t.Fatalf("got %d %v, want %d %s: %s", got.status, got.at("reason"), status, reason, got.text)
	}
	if content := got.header.Get("Content-Type"); content != problemContent {
		t.Errorf("got content type %q, want %q", content, problemContent)
	}
	if got.at("type") != "about:blank" || got.at("status") != float64(status) || got.at("title") != http.StatusText(status) {
		t.Errorf("got type, status, title %v, %v, %v", got.at("type"), got.at("status"), got.at("title"))
	}
	if got.at("correlation_id") != got.header.Get(headerCorrelation) {
		t.Errorf("got correlation id %v in the body, %q in the header", got.at("correlation_id"), got.header.Get(headerCorrelation))
	}
	if detail, _ := got.at("detail").(string); len(detail) < 10 {
		t.Errorf("got detail %q, want a sentence", detail)
	}
}

func TestManyWrongFieldsAreNamedAtOnce(t *testing.T) {
	d := newDesk(t)
	got := d.send(request{method: "POST", path: "/v1/orders", token: d.token("u1"), body: `{"cart_version":0,"expected_total":{"minor":1}}`})
	wantProblem(t, got, 400, "invalid_fields")
	for _, name := range []string{"Idempotency-Key", "cart_version", "expected_total.currency", "address", "card_ref"} {
		if !strings.Contains(got.text, `"name":"`+name+`"`) {
			t.Errorf("field %s is not named: %s", name, got.text)
		}
	}
}

func TestBodyThatAnnouncesNoLengthIsBoundedToo(t *testing.T) {
	d := newDesk(t)
	send := func(size int) reply {
		body := `{"quantity":1,"x":"` + strings.Repeat("x", size-21) + `"}`
		req, err := http.NewRequestWithContext(t.Context(), "PUT", d.url+"/v1/cart/items/"+lamp, struct{ *strings.Reader }{strings.NewReader(body)})
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", "application/json")
		req.Header.Set("Authorization", "Bearer "+d.token("u1"))
		return d.do(req)
	}
	wantProblem(t, send(maxBody+1), 413, "body_too_large")
	wantProblem(t, send(maxBody), 400, "invalid_fields")
}

func TestBodyThatBreaksOffOrNeverComesIsAnswered(t *testing.T) {
	for name, c := range map[string]struct {
		hangUp bool
		status int
		reason string
	}{
		"breaks off":  {true, http.StatusBadRequest, "body_unreadable"},
		"never comes": {false, http.StatusRequestTimeout, "body_too_slow"}, // after five seconds
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t)
			conn, err := net.Dial("tcp", strings.TrimPrefix(d.url, "http://"))
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			fmt.Fprintf(conn, "PUT /v1/cart/items/%s HTTP/1.1\r\nHost: shop\r\nAuthorization: Bearer %s\r\nContent-Type: application/json\r\nContent-Length: 40\r\n\r\n{\"quan",
				lamp, d.token("u1"))
			if c.hangUp {
				if err := conn.(*net.TCPConn).CloseWrite(); err != nil {
					t.Fatal(err)
				}
			}
			resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
			if err != nil {
				t.Fatal(err)
			}
			wantProblem(t, replyOf(t, resp), c.status, c.reason)
		})
	}
}

func TestBodyThatNobodyWantsDoesNotHoldAPlaceForLong(t *testing.T) {
	d := newDesk(t, func(s *settings) { s.read = 200 * time.Millisecond })
	conn, err := net.Dial("tcp", strings.TrimPrefix(d.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprintf(conn, "POST /v1/orders/%s/cancel HTTP/1.1\r\nHost: shop\r\nAuthorization: Bearer %s\r\nContent-Length: 40\r\n\r\n", theOrder, d.token("u1"))
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	replyOf(t, resp).want(t, http.StatusOK)
	await.True(t, "the place is given back", func() bool { return d.door.places.requests.Load() == 0 })
}

// Only what changes something is to be repeated under its key: whoever asked for a page may just ask again.
func TestOnlyAWriteMayHaveHappened(t *testing.T) {
	for _, code := range []problem.Code{problem.Timeout, problem.Unknown} {
		for method, told := range map[string]bool{"GET": false, "HEAD": false, "POST": true, "PUT": true, "PATCH": true, "DELETE": true} {
			detail := translate(problem.New(code, "", "no answer came in time"), method).Detail
			if strings.Contains(detail, "may have happened") != told || !strings.HasPrefix(detail, "no answer came in time") {
				t.Errorf("%s after %s: got %q; want the hint to repeat it: %v", method, code, detail, told)
			}
		}
	}
}
