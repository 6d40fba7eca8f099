package shop

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync/atomic"

	"stormglass/chaos/load"
	"stormglass/scenarios/model"
	"stormglass/system/api/catalogue"
)

// Oracle plays histories against a running shop for tests, which choose them. It is safe for use by several goroutines, each of
// which plays with customers of its own.
type Oracle struct {
	histories histories
	staff     string
	played    atomic.Int64
}

// NewOracle makes the customers for so many histories at a time. staff is the token of somebody who may change prices.
func NewOracle(ctx context.Context, baseURL string, seed uint64, atATime int, staff string) (*Oracle, error) {
	o := &Oracle{staff: staff}
	return o, o.histories.Prepare(ctx, load.Target{BaseURL: baseURL, Seed: seed, Visits: atATime})
}

// Close lets go of the oracle's connections.
func (o *Oracle) Close() { o.histories.client.close() }

// Play plays one history with two customers and three products of its own, and gives its calls. Its error says that the shop did not
// become idle, or that ctx ended.
func (o *Oracle) Play(ctx context.Context, plan model.Plan) ([]model.Call, error) {
	n := int(o.played.Add(1))
	who := []*customer{o.histories.customers.take(), o.histories.customers.take()}
	defer func() {
		for _, one := range who {
			if one != nil {
				o.histories.customers.put(one)
			}
		}
	}()
	if slices.Contains(who, nil) {
		return nil, fmt.Errorf("play history %d: more histories are played at a time than there are customers for", n)
	}
	recorder := load.NewRecorder(io.Discard)
	p := &player{
		client: o.histories.client, name: fmt.Sprintf("%s-%d", spelled(o.histories.seed), n), who: who, products: o.histories.three(n), staff: o.staff,
		do: recorder.Do,
	}
	err := p.play(ctx, plan)
	return p.calls, err
}

// Script writes a history down as a shell script that plays it again with curl: each session is a subshell, which begins each request
// as long after the beginning as it was begun in the history.
func Script(calls []model.Call) string {
	var b strings.Builder
	b.WriteString(scriptHead)
	sessions := map[int][]model.Call{}
	for _, c := range calls {
		if c.Kind != model.List && !c.Settled {
			sessions[c.Session] = append(sessions[c.Session], c)
		}
	}
	begin := slices.MinFunc(calls, func(a, b model.Call) int { return a.Start.Compare(b.Start) }).Start
	for number := range len(sessions) {
		fmt.Fprintf(&b, "( # session %d, of customer %d\n  token=$token%d\n", number, sessions[number][0].Customer, sessions[number][0].Customer)
		for _, c := range sessions[number] {
			fmt.Fprintf(&b, "  until_ms %d; %s # answered: %s\n", c.Start.Sub(begin).Milliseconds(), curl(c), strings.TrimSpace(fmt.Sprint(c.Outcome, " ", c.Reason, " ", c.Order)))
		}
		b.WriteString(") &\n")
	}
	b.WriteString("wait\n")
	return b.String()
}

const scriptHead = `shop=http://127.0.0.1:8080 # of: stormglass up
json='Content-Type: application/json'
customer() { # makes a customer with a card, and gives a token and the card's reference
  curl -sS $shop/v1/users -H "$json" -H "Idempotency-Key: $1" -d '{"email":"'$1'@example.com","password":"correct horse battery","name":"Ada"}' >/dev/null
  token=$(curl -sS $shop/v1/sessions -H "$json" -d '{"email":"'$1'@example.com","password":"correct horse battery"}' | sed 's/.*"access_token":"\([^"]*\)".*/\1/')
  card=$(curl -sS $shop/v1/cards -H "Authorization: Bearer $token" -H "$json" -H "Idempotency-Key: card-$1" -d '{"token":"pm_card_visa"}' | sed 's/.*"card_ref":"\([^"]*\)".*/\1/')
  echo "$token $card"
}
run=history-$$
read -r token0 card0 <<<"$(customer $run-a)"
read -r token1 card1 <<<"$(customer $run-b)"
call() { curl -sS -H "Authorization: Bearer $token" -H "$json" "$@"; echo; }
cart() { seen=$(call "$@"); echo "$seen"; version=$(sed 's/.*"version":\([0-9]*\).*/\1/' <<<"$seen"); total=$(sed 's/.*"total":\({[^}]*}\).*/\1/' <<<"$seen"); }
order() { # key, card
  last=$(call $shop/v1/orders -H "Idempotency-Key: $run-$1" -d '{"cart_version":'$version',"expected_total":'$total',"card_ref":"'$2'","address":{"name":"Ada Lovelace","street":"Harbour Road 7","postcode":"20457","city":"Hamburg","country":"DE"}}')
  echo "$last"; id=$(sed 's/^{"id":"\([^"]*\)".*/\1/' <<<"$last")
}
begin=$(date +%s%3N)
until_ms() { local rest=$(($1 - $(date +%s%3N) + begin)); [ $rest -le 0 ] || sleep $(printf '%d.%03d' $((rest / 1000)) $((rest % 1000))); }
`

// curl is one call as a line of the script.
func curl(c model.Call) string {
	body := func(v any) string {
		text, err := json.Marshal(v)
		if err != nil {
			panic("encode plain values: " + err.Error())
		}
		return "'" + string(text) + "'"
	}
	item := "$shop/v1/cart/items/" + c.Product
	switch c.Kind {
	case model.Put:
		return "cart -X PUT " + item + " -d " + body(map[string]int64{"quantity": c.Quantity})
	case model.Remove:
		return "cart -X DELETE " + item
	case model.Clear:
		return "cart -X DELETE $shop/v1/cart"
	case model.Order, model.Repeat, model.OtherKey:
		return fmt.Sprintf("order %s $card%d", c.Key, c.Customer)
	case model.Cancel:
		return "call -X POST $shop/v1/orders/$id/cancel"
	case model.Reprice:
		return "token=$staff call -X PUT $shop/v1/products/" + c.Product + "/price -d " + body(map[string]amount{"price": {1000 + c.Quantity, catalogue.Currency}})
	case model.Register:
		return fmt.Sprintf("call $shop/v1/users -H 'Idempotency-Key: %s' -d ", c.Key) + body(map[string]string{"email": c.Email, "password": password, "name": "Session"})
	}
	return "cart $shop/v1/cart"
}
