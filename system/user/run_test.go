package user

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"syscall"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"

	userv1 "stormglass/system/api/user/v1"
	"stormglass/system/platform/boot"
	"stormglass/system/platform/events"
	"stormglass/system/platform/events/eventstest"
	"stormglass/system/platform/store/storetest"
)

// output is a program's output while it runs.
type output struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

// address gives where a server of the program listens, once the program is ready.
func (o *output) address(server string) (string, error) {
	addr, ready := "", false
	for line := range strings.Lines(o.String()) {
		var l struct{ Message, Server, Address string }
		if err := json.Unmarshal([]byte(line), &l); err != nil {
			return "", fmt.Errorf("log line %q: %w", line, err)
		}
		if l.Message == "listening" && l.Server == server {
			addr = l.Address
		}
		ready = ready || l.Message == "ready"
	}
	if !ready || addr == "" {
		return "", errors.New("not ready yet")
	}
	return addr, nil
}

// environment sets what the service needs, with a broker and a database of its own.
func environment(t *testing.T, brokerURL string) {
	t.Helper()
	for name, value := range map[string]string{
		"GRPC_ADDR": "127.0.0.1:0", "LOG_LEVEL": "debug", "DATABASE_URL": storetest.SQLite(t), "BROKER_URL": brokerURL,
		"KEYS_SECRET": "a secret of a test that is long enough", "HASH_MEMORY_KIB": "64",
	} {
		t.Setenv(name, value)
	}
}

// started runs the service until stop, which gives all that it said.
func started(t *testing.T) (client userv1.UserServiceClient, stop func() string) {
	t.Helper()
	out := &output{}
	code := make(chan int, 1)
	go func() { code <- boot.Run("user", Run, out, out) }()
	var addr string
	eventstest.WaitFor(t, func() (err error) {
		addr, err = out.address("grpc")
		return err
	})
	conn, err := grpc.NewClient(addr, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	return userv1.NewUserServiceClient(conn), func() string {
		if err := conn.Close(); err != nil {
			t.Error(err)
		}
		if err := syscall.Kill(syscall.Getpid(), syscall.SIGTERM); err != nil {
			t.Fatal(err)
		}
		if got := <-code; got != boot.ExitOK {
			t.Errorf("exit code %d, want 0: %s", got, out)
		}
		return out.String()
	}
}

func TestTheServiceRunsWholeAndItsLogsNameNobody(t *testing.T) {
	nats := eventstest.StartServer(t)
	environment(t, nats.URL())
	users, stop := started(t)
	registered, err := users.Register(t.Context(), &userv1.RegisterRequest{
		IdempotencyKey: "k", Email: "Ada@Example.org", Password: "correct horse", Name: "Ada Lovelace", Phone: "+4930123456",
	})
	if err != nil {
		t.Fatal(err)
	}
	login, err := users.Login(t.Context(), &userv1.LoginRequest{Email: "ada@example.org", Password: "correct horse"})
	if err != nil {
		t.Fatal(err)
	}
	refreshed, err := users.Refresh(t.Context(), &userv1.RefreshRequest{RefreshToken: login.GetTokens().GetRefreshToken()})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := users.GetProfile(t.Context(), &userv1.GetProfileRequest{}); err == nil {
		t.Error("a profile without a token: got no error")
	}
	mine := metadata.AppendToOutgoingContext(t.Context(), "authorization", "Bearer "+refreshed.GetTokens().GetAccessToken())
	profile, err := users.UpdateProfile(mine, &userv1.UpdateProfileRequest{Name: new("Ada King")})
	if err != nil || profile.GetProfile().GetUserId() != registered.GetProfile().GetUserId() || profile.GetProfile().GetName() != "Ada King" {
		t.Errorf("got %v, %v", profile, err)
	}
	address := &userv1.Address{Id: "0b0e4b6c-5a5e-4b57-9d5a-2f1f0c9e7a11", Name: "Ada", Street: "Am Park 1", Postcode: "10115", City: "Berlin", Country: "DE"}
	if _, err := users.PutAddress(mine, &userv1.PutAddressRequest{Address: address}); err != nil {
		t.Error(err)
	}
	list, err := users.ListAddresses(mine, &userv1.ListAddressesRequest{})
	if err != nil || len(list.GetAddresses()) != 1 || list.GetAddresses()[0].GetStreet() != "Am Park 1" {
		t.Errorf("got %v, %v", list, err)
	}
	if _, err := users.Logout(t.Context(), &userv1.LogoutRequest{RefreshToken: refreshed.GetTokens().GetRefreshToken()}); err != nil {
		t.Error(err)
	}
	wantPublished(t, nats.Connect(), registered.GetProfile().GetUserId(), "user.registered.v1", "user.changed.v1")

	said := strings.ToLower(stop())
	for _, private := range []string{
		"ada@example.org", "correct horse", "lovelace", "+4930123456", "am park",
		login.GetTokens().GetRefreshToken(), refreshed.GetTokens().GetRefreshToken(), login.GetTokens().GetAccessToken(),
	} {
		if strings.Contains(said, strings.ToLower(private)) {
			t.Errorf("the logs contain %q", private)
		}
	}
}

func wantPublished(t *testing.T, broker events.Broker, key string, types ...string) {
	t.Helper()
	sub, err := broker.Subscribe(t.Context(), events.Queue{Name: "q.test", Types: types})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	eventstest.WaitFor(t, func() error {
		batch, err := sub.Fetch(t.Context(), 10)
		for _, d := range batch {
			if e := d.Event(); e.Key == key {
				got = append(got, e.Type)
			}
		}
		if len(got) < len(types) {
			return fmt.Errorf("got %v of %v: %v", got, types, err)
		}
		return nil
	})
	if err := sub.Close(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestAnotherInstanceTakesTheTokensOfTheFirst(t *testing.T) {
	environment(t, eventstest.StartServer(t).URL())
	users, stop := started(t)
	_, err := users.Register(t.Context(), &userv1.RegisterRequest{IdempotencyKey: "k", Email: "ada@example.org", Password: "correct horse", Name: "Ada"})
	if err != nil {
		t.Fatal(err)
	}
	login, err := users.Login(t.Context(), &userv1.LoginRequest{Email: "ada@example.org", Password: "correct horse"})
	if err != nil {
		t.Fatal(err)
	}
	stop()
	users, stop = started(t)
	defer stop()
	mine := metadata.AppendToOutgoingContext(t.Context(), "authorization", "Bearer "+login.GetTokens().GetAccessToken())
	if _, err := users.GetProfile(mine, &userv1.GetProfileRequest{}); err != nil {
		t.Errorf("access token: %v", err)
	}
	if _, err := users.Refresh(t.Context(), &userv1.RefreshRequest{RefreshToken: login.GetTokens().GetRefreshToken()}); err != nil {
		t.Errorf("refresh token: %v", err)
	}
}

func TestWrongSettingsAreTheOperatorsToCorrect(t *testing.T) {
	nats := eventstest.StartServer(t)
	environment(t, nats.URL())
	_, stop := started(t) // makes a key under the right secret
	stop()
	for name, c := range map[string]struct{ setting, value, want string }{
		"short secret":           {"KEYS_SECRET", "short", "KEYS_SECRET: want 32"},
		"another secret":         {"KEYS_SECRET", "another secret of a test, long enough too", "KEYS_SECRET is not the one"},
		"no memory to hash with": {"HASH_MEMORY_KIB", "4", "HASH_MEMORY_KIB"},
		"keys that never sign":   {"KEY_ACTIVATION", "25h", "KEY_ROTATION: want longer than KEY_ACTIVATION"},
		"sessions too short":     {"REFRESH_TOKEN_LIFE", "1m", "REFRESH_TOKEN_LIFE: want longer than ACCESS_TOKEN_LIFE"},
		"not a duration":         {"REFRESH_GRACE", "soon", "REFRESH_GRACE"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv(c.setting, c.value)
			var out, said output
			if code := boot.Run("user", Run, &out, &said); code != boot.ExitUsage || !strings.Contains(said.String(), c.want) {
				t.Errorf("got exit code %d and %q, want 2 and a word about %q", code, said.String(), c.want)
			}
			if strings.Contains(said.String(), "another secret") {
				t.Errorf("the secret shows: %s", said.String())
			}
		})
	}
}
