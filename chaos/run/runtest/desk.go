package runtest

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"sync"
	"time"
)

// counter is the desk's state: what it accepted, and what the bank has not charged yet.
type counter struct {
	bank     string
	lossy    bool          // the defect that a check must find: an order whose charge fails is forgotten
	refusing bool          // half of all orders are refused
	pause    time.Duration // between two charges
	takes    time.Duration // to write an order down, one after the other: a capacity

	till sync.Mutex // held while an order is written down

	mu       sync.Mutex
	accepted []string
	waiting  []string
	failures int // charges that failed in a row
	opened   int // how often the breaker opened
	charged  int // orders that the bank has charged
	openTill time.Time
}

// desk takes orders on its public port at once, and has them charged one after the other. Its settings make it lose
// orders, refuse them, take its time, or end by itself.
func desk() error {
	d := &counter{bank: os.Getenv("BANK_URL"), lossy: os.Getenv("LOSSY") != "", refusing: os.Getenv("REFUSING") != "", pause: 2 * time.Millisecond}
	if text := os.Getenv("PAUSE"); text != "" {
		var err error
		if d.pause, err = time.ParseDuration(text); err != nil {
			return err
		}
	}
	if text := os.Getenv("TAKES"); text != "" {
		var err error
		if d.takes, err = time.ParseDuration(text); err != nil {
			return err
		}
	}
	if text := os.Getenv("EXIT_AFTER"); text != "" {
		after, err := time.ParseDuration(text)
		if err != nil {
			return err
		}
		time.AfterFunc(after, func() { fmt.Println("the desk has had enough"); os.Exit(3) })
	}
	go d.work()
	public, admin := http.NewServeMux(), http.NewServeMux()
	public.HandleFunc("POST /orders/{id}", d.order)
	admin.HandleFunc("GET /metrics", d.metrics)
	admin.HandleFunc("GET /audit", func(w http.ResponseWriter, _ *http.Request) {
		d.mu.Lock()
		defer d.mu.Unlock()
		_ = json.NewEncoder(w).Encode(map[string]any{"accepted": d.accepted, "waiting": len(d.waiting)})
	})
	return serve(map[string]*http.ServeMux{"HTTP_ADDR": public, "ADMIN_ADDR": admin})
}

// serve answers on each address that a setting names, and everywhere that the process is ready.
func serve(by map[string]*http.ServeMux) error {
	ended := make(chan error, len(by))
	for setting, mux := range by {
		mux.HandleFunc("GET /readyz", func(http.ResponseWriter, *http.Request) {})
		go func() { ended <- http.ListenAndServe(os.Getenv(setting), mux) }()
	}
	return <-ended
}

func (d *counter) order(w http.ResponseWriter, r *http.Request) {
	d.till.Lock()
	time.Sleep(d.takes)
	d.till.Unlock()
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.refusing && len(r.PathValue("id"))%2 == 0 {
		http.Error(w, "not today", http.StatusServiceUnavailable)
		return
	}
	d.accepted, d.waiting = append(d.accepted, r.PathValue("id")), append(d.waiting, r.PathValue("id"))
	w.WriteHeader(http.StatusAccepted)
}

// work charges what waits, while its breaker lets it: three failures in a row open it for 300 ms.
func (d *counter) work() {
	client := &http.Client{Timeout: 100 * time.Millisecond}
	for ; ; time.Sleep(d.pause) {
		d.mu.Lock()
		blocked := len(d.waiting) == 0 || time.Now().Before(d.openTill)
		var next string
		if !blocked {
			next = d.waiting[0]
		}
		d.mu.Unlock()
		if blocked {
			continue
		}
		d.settle(charge(client, d.bank, next))
	}
}

func charge(client *http.Client, bank, id string) error {
	answer, err := client.Post(bank+"/charges/"+id, "", nil)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return errors.New(answer.Status)
	}
	return nil
}

func (d *counter) settle(err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err == nil || d.lossy {
		d.waiting = d.waiting[1:]
	}
	if err == nil {
		d.failures, d.charged = 0, d.charged+1
		return
	}
	if d.failures++; d.failures >= 3 {
		d.opened++
		d.openTill = time.Now().Add(300 * time.Millisecond)
	}
}

func (d *counter) metrics(w http.ResponseWriter, _ *http.Request) {
	d.mu.Lock()
	defer d.mu.Unlock()
	state := 0
	switch {
	case time.Now().Before(d.openTill):
		state = 2
	case d.failures >= 3:
		state = 1
	}
	fmt.Fprintf(w, "# TYPE toy_breaker_state gauge\ntoy_breaker_state{client=\"desk\",server=\"bank\"} %d\n", state)
	fmt.Fprintf(w, "# TYPE toy_breaker_opened_total counter\ntoy_breaker_opened_total{client=\"desk\",server=\"bank\"} %d\n", d.opened)
	fmt.Fprintf(w, "# TYPE toy_orders_total counter\ntoy_orders_total{state=\"accepted\"} %d\ntoy_orders_total{state=\"charged\"} %d\n", len(d.accepted), d.charged)
	fmt.Fprintf(w, "# TYPE toy_backlog_depth gauge\ntoy_backlog_depth{backlog=\"desk.charges\"} %d\n", len(d.waiting))
}
