package gateway

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"

	"stormglass/system/api/links"
	"stormglass/system/platform/auth"
	"stormglass/system/platform/resilience"
	"stormglass/system/platform/rpc"
	"stormglass/system/platform/telemetry"

	cartv1 "stormglass/system/api/cart/v1"
	inventoryv1 "stormglass/system/api/inventory/v1"
	orderv1 "stormglass/system/api/order/v1"
	paymentv1 "stormglass/system/api/payment/v1"
	productv1 "stormglass/system/api/product/v1"
	shippingv1 "stormglass/system/api/shipping/v1"
	userv1 "stormglass/system/api/user/v1"
)

// settings are those that a test may change before the gateway starts.
type settings struct {
	cache  cacheSettings
	live   streamSettings
	places placeSettings
	rates  rateSettings
	cors   cors
	tel    *telemetry.Telemetry
	read   time.Duration
}

// desk is a gateway in front of fakes, and a client before it.
type desk struct {
	t     *testing.T
	fakes *fakes
	tel   *telemetry.Telemetry
	door  *door
	url   string
}

func newDesk(t *testing.T, change ...func(*settings)) *desk {
	t.Helper()
	s := settings{
		cache: cacheSettings{Fresh: time.Minute, Stale: time.Hour, Size: 16}, live: streamSettings{Heartbeat: time.Minute, Life: time.Minute},
		places: placeSettings{Requests: 64, Streams: 8}, rates: rateSettings{User: 1e6, Address: 1e6},
		tel: telemetry.Discard("gateway"),
	}
	for _, c := range change {
		c(&s)
	}
	f, addrs := startFakes(t)
	tel := s.tel
	behind := connectTo(t, tel, addrs)
	shed := newShed(tel)
	d := &door{
		gateway: newGateway(tel, behind, s.cache, s.live), observer: newObserver(tel), cors: s.cors, places: newPlaces(s.places, shed),
		verify: behind.verifier.Verify, visitors: newVisitors(s.rates, shed),
	}
	server := httptest.NewUnstartedServer(d)
	server.Config = newServer(tel.Log, d)
	if s.read > 0 {
		server.Config.ReadTimeout = s.read
	}
	server.Start()
	t.Cleanup(server.Close)
	t.Cleanup(d.streams.stop)
	return &desk{t, f, tel, d, server.URL}
}

func connectTo(t *testing.T, tel *telemetry.Telemetry, addrs map[string]string) services {
	t.Helper()
	dial := func(name string) *grpc.ClientConn {
		policy, err := links.Policy("gateway", name)
		if err != nil {
			t.Fatal(err)
		}
		policy.Deadline, policy.AttemptTimeout = 2*time.Minute, time.Minute // no busy machine makes an answer late
		link, err := resilience.New(tel, "gateway", name, policy)
		if err != nil {
			t.Fatal(err)
		}
		conn, err := rpc.Dial(tel, link, []string{addrs[name]})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { conn.Close() })
		return conn
	}
	users := userv1.NewUserServiceClient(dial("user"))
	verifier := auth.NewVerifier(tel, func(ctx context.Context) ([]byte, error) {
		resp, err := users.Keys(ctx, &userv1.KeysRequest{})
		return []byte(resp.GetJwksJson()), err
	})
	return services{
		users, productv1.NewProductServiceClient(dial("product")), cartv1.NewCartServiceClient(dial("cart")),
		orderv1.NewOrderServiceClient(dial("order")), inventoryv1.NewInventoryServiceClient(dial("inventory")),
		paymentv1.NewPaymentServiceClient(dial("payment")), shippingv1.NewShippingServiceClient(dial("shipping")), verifier,
	}
}

func newKey(t *testing.T) auth.Key {
	t.Helper()
	_, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	return auth.Key{ID: "k1", Private: private}
}

func (f *fakes) jwks() ([]byte, error) {
	return auth.MarshalJWKS(auth.PublicKeys{f.key.ID: f.key.Private.Public().(ed25519.PublicKey)})
}

// token signs an access token that is good for a minute.
func (d *desk) token(user string, roles ...string) string {
	d.t.Helper()
	token, err := auth.Sign(d.fakes.key, auth.Identity{UserID: user, Roles: roles}, time.Now(), time.Minute)
	if err != nil {
		d.t.Fatal(err)
	}
	return token
}

// request is what a client sends; its zero value is a GET without a token.
type request struct {
	method, path, body, token string
	header                    map[string]string
}

// reply is what it got.
type reply struct {
	status int
	header http.Header
	text   string
	body   map[string]any
}

func (d *desk) send(r request) reply {
	d.t.Helper()
	if r.method == "" {
		r.method = http.MethodGet
	}
	req, err := http.NewRequestWithContext(d.t.Context(), r.method, d.url+r.path, strings.NewReader(r.body))
	if err != nil {
		d.t.Fatal(err)
	}
	header := map[string]string{}
	if r.body != "" {
		header["Content-Type"] = "application/json"
	}
	if r.token != "" {
		header["Authorization"] = "Bearer " + r.token
	}
	maps.Copy(header, r.header)
	for name, value := range header {
		if value != "" {
			req.Header.Set(name, value)
		}
	}
	return d.do(req)
}

func (d *desk) do(req *http.Request) reply {
	d.t.Helper()
	resp, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		d.t.Fatal(err)
	}
	return replyOf(d.t, resp)
}

// replyOf reads an answer.
func replyOf(t *testing.T, resp *http.Response) reply {
	t.Helper()
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	out := reply{status: resp.StatusCode, header: resp.Header, text: string(text)}
	if bytes.HasPrefix(text, []byte("{")) {
		if err := json.Unmarshal(text, &out.body); err != nil {
			t.Fatalf("answer is not JSON: %v\n%s", err, text)
		}
	}
	return out
}

// at gives a value inside the answer, by its keys.
func (r reply) at(path ...string) any {
	var v any = r.body
	for _, key := range path {
		object, _ := v.(map[string]any)
		v = object[key]
	}
	return v
}

func (r reply) want(t *testing.T, status int) reply {
	t.Helper()
	if r.status != status {
		t.Fatalf("got status %d, want %d: %s", r.status, status, r.text)
	}
	return r
}

// webhookSeen gives the last notice that payment got, and its signature.
func webhookSeen(d *desk) string {
	got, ok := d.fakes.last("DeliverWebhook").(*paymentv1.DeliverWebhookRequest)
	if !ok {
		d.t.Fatal("payment saw no notice")
	}
	return string(got.GetBody()) + "|" + got.GetSignature()
}
