package notification

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"

	"stormglass/system/platform/problem"
	"stormglass/system/platform/resilience"
)

// messengerServer is a company that keeps what it is told, and answers as a test wants.
type messengerServer struct {
	*httptest.Server
	mu sync.Mutex
	// status is answered to requests, one after the other; then 201. After a 0 the message is kept and no answer comes.
	status []int
	got    []sentMessage
}

type sentMessage struct {
	path, key           string
	ID, To, Title, Body string
}

func startMessenger(t *testing.T) *messengerServer {
	t.Helper()
	s := &messengerServer{}
	s.Server = httptest.NewServer(s)
	t.Cleanup(s.Close)
	return s
}

func (s *messengerServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	m := sentMessage{path: r.URL.Path, key: r.Header.Get("Idempotency-Key")}
	if err := json.NewDecoder(r.Body).Decode(&m); err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.got = append(s.got, m)
	status := http.StatusCreated
	if len(s.status) > 0 {
		status, s.status = s.status[0], s.status[1:]
	}
	if status == 0 {
		panic(http.ErrAbortHandler)
	}
	w.WriteHeader(status)
}

func (s *messengerServer) requests() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.got)
}

func (s *messengerServer) sender(t *testing.T, kind string) messenger {
	t.Helper()
	return messenger{&http.Client{Transport: resilience.Transport(link(t, "messenger", 2), nil)}, s.URL, kind}
}

func TestTextAndPushMessagesGoOutUnderTheirIDs(t *testing.T) {
	s := startMessenger(t)
	if err := s.sender(t, "sms").Send(t.Context(), Letter{ID: "1.sms", To: "+49301", Body: "Hello"}); err != nil {
		t.Error(err)
	}
	if err := s.sender(t, "push").Send(t.Context(), Letter{ID: "1.push", To: "ada", Title: "Hi", Body: "Hello"}); err != nil {
		t.Error(err)
	}
	want := []sentMessage{{"/v1/sms", "1.sms", "1.sms", "+49301", "", "Hello"}, {"/v1/push", "1.push", "1.push", "ada", "Hi", "Hello"}}
	if len(s.got) != 2 || s.got[0] != want[0] || s.got[1] != want[1] {
		t.Errorf("got %+v, want %+v", s.got, want)
	}
}

func TestTheMessengersAnswerSaysWhatBecomesOfTheMessage(t *testing.T) {
	for status, want := range map[int]problem.Code{
		200: problem.OK, 201: problem.OK, 409: problem.OK, 400: problem.Invalid, 422: problem.Invalid,
		401: problem.Unavailable, 404: problem.Unavailable, 429: problem.Unavailable, 500: problem.Unavailable, 503: problem.Unavailable,
	} {
		s := startMessenger(t)
		s.status = []int{status, status}
		if err := s.sender(t, "sms").Send(t.Context(), Letter{ID: "1.sms", To: "+49301", Body: "Hello"}); problem.CodeOf(err) != want {
			t.Errorf("%d: got %v, want %s", status, err, want)
		}
	}
}

func TestAMessageIsHandedOverAgainUnderItsKeyWhenTheMessengerStumbles(t *testing.T) {
	s := startMessenger(t)
	s.status = []int{503}
	if err := s.sender(t, "sms").Send(t.Context(), Letter{ID: "1.sms", To: "+49301", Body: "Hello"}); err != nil {
		t.Error(err)
	}
	if got := s.requests(); got != 2 {
		t.Errorf("made %d requests, want 2", got)
	}
}

func TestAMessengerThatIsAwayIsAnOutage(t *testing.T) {
	s := startMessenger(t)
	s.Close()
	if err := s.sender(t, "sms").Send(t.Context(), Letter{ID: "1.sms", To: "+49301", Body: "Hello"}); problem.CodeOf(err) != problem.Unavailable {
		t.Errorf("got %v, want unavailable", err)
	}
}

func TestOnlyAMissingAnswerOfTheMessengerLeavesOpenWhetherAMessageArrived(t *testing.T) {
	s := startMessenger(t)
	for status, lost := range map[int]bool{201: false, 422: false, 503: false, 0: true} {
		s.mu.Lock()
		s.status = []int{status, status}
		s.mu.Unlock()
		err := s.sender(t, "push").Send(t.Context(), Letter{ID: "1.push", To: "ada", Body: "Hello"})
		if mayHaveArrived(err) != lost {
			t.Errorf("%d: got %v, want it left open whether the message arrived: %v", status, err, lost)
		}
	}
}
