package notification

import (
	"strings"
	"testing"

	"stormglass/system/platform/money"
)

// example is a message with all facts that its kind has.
func example(k Kind, c Channel) Message {
	return Message{
		ID: MessageID("event-1." + string(c)), Event: "event-1", Channel: c, Kind: k, User: "user-1", Order: "order-1",
		Contact: Contact{User: "user-1", Email: "ada@example.org", Phone: "+4930123456"},
		Facts: Facts{
			Items:  []Line{{Title: "Desk lamp", Quantity: 2, Price: money.Of(1999, "EUR")}, {Title: `<b>"Mug" & {{.Order}}</b>`, Quantity: 1, Price: money.Of(500, "EUR")}},
			Amount: money.Of(4498, "EUR"), Reason: "out_of_stock", Carrier: "Parcel Co", Tracking: "TRACK-1",
		},
	}
}

func written(t *testing.T, m Message) Letter {
	t.Helper()
	l, err := parseLetters()
	if err != nil {
		t.Fatal(err)
	}
	letter, err := l.write(m)
	if err != nil {
		t.Fatal(err)
	}
	return letter
}

func TestEveryKindIsPutIntoWordsForEachOfItsChannels(t *testing.T) {
	says := map[string][]string{
		"welcome.email":      {"ready"},
		"confirmation.email": {"order-1", "2 x Desk lamp, 19.99 EUR each", `1 x <b>"Mug" & {{.Order}}</b>, 5.00 EUR`, "Total: 44.98 EUR"},
		"confirmation.push":  {"44.98 EUR", "confirmed"},
		"receipt.email":      {"order-1", "44.98 EUR"},
		"dispatch.email":     {"order-1", "Parcel Co", "TRACK-1"},
		"dispatch.sms":       {"Parcel Co", "TRACK-1"},
		"cancellation.email": {"order-1", "sold out"},
		"refund.email":       {"order-1", "44.98 EUR"},
	}
	tested := 0
	for _, kind := range Kinds() {
		for _, channel := range kind.channels() {
			tested++
			name := string(kind) + "." + string(channel)
			letter := written(t, example(kind, channel))
			for _, want := range append(says[name], "") {
				if len(says[name]) == 0 || !strings.Contains(letter.Body, want) {
					t.Errorf("%s: %q is missing in:\n%s", name, want, letter.Body)
				}
			}
			if (letter.Title == "") != (channel == SMS) || strings.ContainsAny(letter.Title, "{}\n") {
				t.Errorf("%s: got title %q", name, letter.Title)
			}
		}
	}
	if tested != len(says) {
		t.Errorf("tested %d letters, want %d", tested, len(says))
	}
}

func TestLettersGoWhereTheirChannelReaches(t *testing.T) {
	for channel, want := range map[Channel]Letter{
		Email: {ID: "event-1@shop", To: "ada@example.org"},
		SMS:   {ID: "event-1.sms", To: "+4930123456"},
		Push:  {ID: "event-1.push", To: "user-1"},
	} {
		kind := map[Channel]Kind{Email: Receipt, SMS: Dispatch, Push: Confirmation}[channel]
		if got := written(t, example(kind, channel)); got.ID != want.ID || got.To != want.To {
			t.Errorf("%s: got id %q to %q, want %q to %q", channel, got.ID, got.To, want.ID, want.To)
		}
	}
}

func TestACancellationSaysWhy(t *testing.T) {
	for reason, want := range map[string]string{
		"out_of_stock": "cancelled: something in it has just sold out.", "payment_declined": "cancelled: the payment was declined.",
		"deadline": "cancelled: we could not complete it in time.", "customer": "cancelled, as you asked.",
		"shipment_failed": "cancelled: it could not be shipped to this address.", "something new": "order-1 was cancelled.\n",
	} {
		m := example(Cancellation, Email)
		m.Facts.Reason = reason
		if got := written(t, m).Body; !strings.Contains(got, want) {
			t.Errorf("%s: %q is missing in:\n%s", reason, want, got)
		}
	}
}
