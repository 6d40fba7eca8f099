package runtest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"stormglass/chaos/evidence"
	"stormglass/chaos/load"
	"stormglass/chaos/verdict"
)

// Registry is what the toy system brings to the harness.
func Registry() verdict.Registry {
	return verdict.Registry{
		Shoppers: []verdict.Shopper{{Name: "buyer", Doc: "buys one thing", New: func() load.Shopper { return &buyer{client: &http.Client{}} }}},
		Signals:  []verdict.Signal{{Name: "accepted", Doc: "share of orders that were accepted", Unit: "of 1", Func: accepted}},
		Checks: []verdict.Check{
			{Name: "all-charged", Doc: "every accepted order is charged", Invariant: true, Min: 5, Func: allCharged},
			{Name: "desk-idle", Doc: "nothing waits at the desk", Func: deskIdle},
			{Name: "order-taken", Doc: "an order was taken shortly before the fault", Func: orderTaken},
		},
		Acts: []verdict.Act{{Name: "knock", Doc: "asks the desk whether it is there", Do: knock}},
		Tour: tour{},
		Workload: &verdict.Workload{
			Shopper: "buyer", Operation: "order", Thing: "order", What: "one order",
			Begun: `toy_orders_total{state="accepted"}`, Finished: `toy_orders_total{state="charged"}`,
		},
	}
}

// knock reads the desk's audit, and the setting by which the desk knows the bank.
func knock(ctx context.Context, site load.Site) (int, error) {
	if _, err := site.Setting("desk", "BANK_URL"); err != nil {
		return 0, err
	}
	_, err := site.Audit(ctx, "desk")
	return 1, err
}

type buyer struct {
	client *http.Client
	target load.Target
}

func (b *buyer) Prepare(_ context.Context, target load.Target) error {
	b.target = target
	return nil
}

func (b *buyer) Visit(ctx context.Context, v *load.Visit) {
	_ = v.Do(ctx, "order", func(ctx context.Context, op *load.Operation) error {
		op.Set("order_id", fmt.Sprintf("order-%d", v.Number))
		var err error
		op.Status, err = place(ctx, b.client, b.target.BaseURL, op.Fields["order_id"])
		return err
	})
}

func place(ctx context.Context, client *http.Client, base, id string) (status int, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, base+"/orders/"+id, nil)
	if err != nil {
		return 0, err
	}
	answer, err := client.Do(req)
	if err != nil {
		return 0, err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusAccepted {
		return answer.StatusCode, errors.New(answer.Status)
	}
	return answer.StatusCode, nil
}

func accepted(ops []load.Operation) (value float64, samples int) {
	for _, op := range ops {
		if op.Outcome == load.Unknown {
			continue
		}
		samples++
		if op.Outcome == load.OK {
			value++
		}
	}
	return value / max(1, float64(samples)), samples
}

func allCharged(f *evidence.Folder) verdict.Result {
	var audit struct{ Accepted []string }
	var books struct{ Charges map[string]int }
	if err := errors.Join(f.Audit("desk", &audit), f.Book("bank", &books)); err != nil {
		return verdict.Result{Inconclusive: err.Error()}
	}
	r := verdict.Result{Compared: len(audit.Accepted)}
	for _, id := range audit.Accepted {
		if books.Charges[id] != 1 && len(r.Broken) < 10 {
			r.Broken = append(r.Broken, id+" was accepted and never charged")
		}
	}
	r.Holds = len(r.Broken) == 0
	r.Measured = fmt.Sprintf("%d accepted, %d charged", len(audit.Accepted), len(books.Charges))
	return r
}

func deskIdle(f *evidence.Folder) verdict.Result {
	var audit struct{ Waiting int }
	if err := f.Audit("desk", &audit); err != nil {
		return verdict.Result{Inconclusive: err.Error()}
	}
	return verdict.Result{Holds: audit.Waiting == 0, Compared: 1, Measured: fmt.Sprintf("%d wait", audit.Waiting)}
}

func orderTaken(f *evidence.Folder) verdict.Result {
	struck := f.Run.Struck()
	n := len(evidence.During(f.History, evidence.Phase{Start: struck.Add(-time.Second), End: struck}))
	return verdict.Result{Holds: n > 0, Compared: n, Measured: fmt.Sprintf("%d orders in the second before", n)}
}

// tour shows the toy around.
type tour struct{}

func (tour) Walkthrough(base string) string { return "curl -X POST " + base + "/orders/mine\n" }

func (tour) Probe(ctx context.Context, site load.Site, progress func(string, ...any)) (load.Sighting, error) {
	progress("ordering")
	begin := time.Now()
	if _, err := place(ctx, &http.Client{}, site.BaseURL, "probe"); err != nil {
		return load.Sighting{}, err
	}
	for {
		text, err := site.Books(ctx, "bank")
		if err != nil {
			return load.Sighting{}, err
		}
		var books struct{ Charges map[string]int }
		if err := json.Unmarshal(text, &books); err != nil {
			return load.Sighting{}, err
		}
		if books.Charges["probe"] == 1 {
			return load.Sighting{Confirmed: time.Since(begin), Completed: time.Now(), TraceID: "0123456789abcdef0123456789abcdef"}, nil
		}
		select {
		case <-time.After(5 * time.Millisecond):
		case <-ctx.Done():
			return load.Sighting{}, ctx.Err()
		}
	}
}
