package events

import (
	"reflect"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
)

func TestForeignMessageBecomesAnEventOfNoType(t *testing.T) {
	got, _ := decode(nats.Header{"Nats-Msg-Id": {"x"}, "Event-Time": {"yesterday"}}, []byte("hello"))
	if want := (Event{Data: []byte("hello")}); !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestEnvelopeSurvivesTheWire(t *testing.T) {
	e := Event{
		ID: "1", Type: "order.created.v1", Key: "k", Time: time.UnixMicro(1_700_000_000_000_001).UTC(), CorrelationID: "c",
		Trace: map[string]string{"traceparent": "00-a", "tracestate": "b=c"}, Data: []byte{0},
	}
	m := encode("s", "other", e)
	if got, _ := decode(m.Header, m.Data); !reflect.DeepEqual(got, e) {
		t.Errorf("got %+v, want %+v", got, e)
	}
}

func TestRowsOfPlaceholders(t *testing.T) {
	for _, c := range []struct{ got, want string }{
		{rowsOf("", 1, 1, 1), "($1)"},
		{rowsOf("", 2, 1, 3), "($2,$3,$4)"},
		{rowsOf("$1,", 2, 2, 3), "($1,$2,$3,$4),($1,$5,$6,$7)"},
	} {
		if c.got != c.want {
			t.Errorf("got %s, want %s", c.got, c.want)
		}
	}
}

func TestHandoffDropsWhatItCannotHoldAndSaysSo(t *testing.T) {
	h := newHandoff()
	h.put(make([]Event, 1))
	if _, missed := h.take(10); !missed {
		t.Error("an event that came before the relay was not noted as missed")
	}
	if h.reopen() {
		t.Error("reopened though an event was missed")
	}
	if !h.reopen() {
		t.Error("did not reopen once the table was read again")
	}
	h.put(make([]Event, maxHanded))
	h.put(make([]Event, 1))
	batch, missed := h.take(maxHanded + 1)
	if len(batch) != maxHanded || !missed {
		t.Errorf("got %d events, missed %v; want %d and true", len(batch), missed, maxHanded)
	}
}
