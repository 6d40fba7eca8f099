package shop

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"stormglass/chaos/evidence"
	"stormglass/chaos/observe"
	"stormglass/chaos/verdict"
)

// chronicle puts together what all witnesses say of one order.
//
//	history ─ spans of its traces ─ outboxes, inboxes ─ log lines ─ books of the companies ─ tables at the end ─▶ by time
type chronicle struct {
	*evidence.Folder
	order   string
	moments []verdict.Moment
	times   map[string]int // how often each effect was told of
}

// timeline is the registry's Timeline.
func timeline(f *evidence.Folder, about string) (verdict.Timeline, error) {
	known, err := idsOf(f)
	if err != nil {
		return verdict.Timeline{}, fmt.Errorf("tell timeline: %w", err)
	}
	if product := productIn(about); product != "" && known.in(about) == "" {
		return shelfTimeline(f, product)
	}
	order, err := known.find(f, about)
	if err != nil {
		return verdict.Timeline{}, fmt.Errorf("tell timeline: %w", err)
	}
	c := &chronicle{Folder: f, order: order, times: map[string]int{}}
	for _, witness := range []func() error{c.customers, c.post, c.traces, c.companies, c.tables} {
		if err := witness(); err != nil {
			c.say(c.end(), "in the end", "a witness cannot be heard: %v", err)
		}
	}
	c.faults()
	t := verdict.NewTimeline(f, "order "+order, c.moments)
	c.count(t.Moments)
	return t, nil
}

// say notes a moment.
func (c *chronicle) say(at time.Time, where, format string, args ...any) {
	what := strings.ReplaceAll(fmt.Sprintf(format, args...), c.order, short(c.order))
	c.moments = append(c.moments, verdict.Moment{At: at.UTC(), Where: where, What: what})
}

// again marks what must not happen twice: the count of such moments with the same words is told by [chronicle.count].
const again = "\x00"

// count says of each moment that is an effect which time it is, from the second on.
func (c *chronicle) count(moments []verdict.Moment) {
	for i, m := range moments {
		what, effect := strings.CutSuffix(m.What, again)
		if !effect {
			continue
		}
		key := m.Where + what
		c.times[key]++
		if n := c.times[key]; n > 1 {
			what += fmt.Sprintf(" (FOR THE %s TIME)", ordinal(n))
		}
		moments[i].What = what
	}
}

func ordinal(n int) string {
	suffix := "TH"
	if n < 4 {
		suffix = []string{"TH", "ST", "ND", "RD"}[n]
	}
	return fmt.Sprintf("%d%s", n, suffix)
}

// end is when the end state was read.
func (c *chronicle) end() time.Time {
	if p, ok := c.Run.Phase(evidence.Collect); ok {
		return p.End
	}
	var last time.Time
	for _, m := range c.moments {
		if m.At.After(last) {
			last = m.At
		}
	}
	return last
}

// faults tells of those that overlap the order's life.
func (c *chronicle) faults() {
	if len(c.moments) == 0 {
		return
	}
	byTime := func(a, b verdict.Moment) int { return a.At.Compare(b.At) }
	begin, end := slices.MinFunc(c.moments, byTime).At, slices.MaxFunc(c.moments, byTime).At
	for _, d := range c.Doses {
		if d.Start.IsZero() || d.Start.After(end) || !d.End.IsZero() && d.End.Before(begin) {
			continue
		}
		c.say(d.Start, "FAULT", "%s: %s", d.Target, d.Asked)
		if !d.End.IsZero() {
			c.say(d.End, "FAULT", "%s: %s is over", d.Target, d.Fault)
		}
	}
}

// ids leads from every id that belongs to an order to the order: keys, traces, events, charges.
type ids map[string]string

func idsOf(f *evidence.Folder) (ids, error) {
	known := ids{}
	for _, o := range f.History {
		if order := o.Fields["order_id"]; order != "" && o.Name != opTrespass {
			known[order], known[o.Key], known[o.Fields["trace_id"]] = order, order, order
		}
	}
	orders, err := ordersOf(f)
	if err != nil {
		return nil, err
	}
	for _, o := range orders {
		known[o.ID], known[o.Key] = o.ID, o.ID
	}
	if book, err := ledgerOf(f); err == nil {
		for _, i := range book.Intents {
			known[i.ID] = i.Order
		}
	}
	for _, service := range writers() {
		events, err := table[eventRow](f, service, "outbox")
		if err != nil {
			return nil, err
		}
		for _, e := range events {
			if order := known[e.Key]; order != "" {
				known[e.ID] = order
			}
		}
	}
	delete(known, "")
	return known, nil
}

// find gives the order that is spoken of.
func (known ids) find(f *evidence.Folder, about string) (string, error) {
	if about == "" {
		return known.mostTelling(f)
	}
	if order := known.in(about); order != "" {
		return order, nil
	}
	return "", fmt.Errorf("find %q: %w: it is neither a product's id nor that of an order, or of an order's key, trace, event, message or charge", about, verdict.ErrUnknownObject)
}

// in looks for an id, alone or in a sentence. A message's id is its event's, a dot, and the channel.
func (known ids) in(about string) string {
	for _, word := range words(about) {
		event, _, _ := strings.Cut(word, ".")
		if order := cmp.Or(known[word], known[event]); order != "" {
			return order
		}
	}
	return ""
}

// words takes a sentence apart.
func words(sentence string) (list []string) {
	for _, word := range strings.Fields(sentence) {
		list = append(list, strings.Trim(word, `.,;:()"'`))
	}
	return list
}

// mostTelling is the order about which an event came to a consumer once more; without one, one that was under way when the
// first fault struck; without one, any. Of several it is the one that took longest.
func (known ids) mostTelling(f *evidence.Folder) (string, error) {
	rows, err := ordersOf(f)
	if err != nil {
		return "", err
	}
	repeated, err := known.repeated(f)
	if err != nil {
		return "", err
	}
	at := struck(f).UnixMicro()
	rank := func(o orderRow) (rank int) {
		if repeated[o.ID] {
			rank += 2
		}
		if o.Created < at && o.Updated > at {
			rank++
		}
		return rank
	}
	if len(rows) == 0 {
		return "", fmt.Errorf("find an order: %w: it holds none", verdict.ErrUnknownObject)
	}
	return slices.MaxFunc(rows, func(a, b orderRow) int {
		return cmp.Or(cmp.Compare(rank(a), rank(b)), cmp.Compare(a.Updated-a.Created, b.Updated-b.Created))
	}).ID, nil
}

// repeated are the orders about which an event came to a consumer once more.
func (known ids) repeated(f *evidence.Folder) (map[string]bool, error) {
	recorded, err := observe.OpenTraces(f.Dir)
	if err != nil {
		return nil, err
	}
	d, err := (&chronicle{Folder: f}).deliveries()
	if err != nil {
		return nil, err
	}
	orders := map[string]bool{}
	for _, spans := range recorded.Traces() {
		for _, s := range spans {
			if s.Kind == "consumer" && d.repeats(s) {
				orders[known[s.Attrs["messaging.message.id"]]] = true
			}
		}
	}
	return orders, nil
}

// micros is a time as tables have it.
func micros(us int64) time.Time { return time.UnixMicro(us) }

// short is an id by its end: those that were made together begin alike.
func short(id string) string {
	if len(id) <= 6 {
		return id
	}
	return "…" + id[len(id)-6:]
}

// price is an amount of minor units.
func price(minor int64, currency string) string {
	return fmt.Sprintf("%d.%02d %s", minor/100, minor%100, strings.ToUpper(currency))
}
