package shop

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"stormglass/chaos/evidence"
	"stormglass/chaos/observe"
)

// traces tells what the services did and wrote about it, in all traces in which the order occurs.
func (c *chronicle) traces() error {
	recorded, err := observe.OpenTraces(c.Dir)
	if err != nil {
		return err
	}
	events, err := c.events()
	if err != nil {
		return err
	}
	mine := map[string]bool{}
	for _, o := range c.History {
		if o.Fields["order_id"] == c.order && o.Name != opTrespass && o.Fields["trace_id"] != "" {
			mine[o.Fields["trace_id"]] = true
		}
	}
	var spans []observe.Span
	for id, members := range recorded.Traces() {
		if mine[id] || slices.ContainsFunc(members, func(s observe.Span) bool {
			return s.Attrs["shop.order.id"] == c.order || events[s.Attrs["messaging.message.id"]].ID != ""
		}) {
			mine[id] = true
			spans = append(spans, members...)
		}
	}
	if err := c.work(spans); err != nil {
		return err
	}
	return c.logs(mine)
}

// work tells what spans say.
func (c *chronicle) work(spans []observe.Span) error {
	served := map[string]bool{} // calls that their server tells of, too
	for _, s := range spans {
		if s.Kind == "server" {
			served[s.ParentID] = true
		}
	}
	d, err := c.deliveries()
	if err != nil {
		return err
	}
	for _, s := range spans {
		took := fmt.Sprintf("%.1f ms", float64(s.End.Sub(s.Start).Microseconds())/1000)
		switch {
		case s.Kind == "producer":
			c.sent(s)
		case s.Kind == "consumer":
			d.add(s)
		case s.Kind == "server":
			c.say(s.Start, s.Service, "%s%s, %s", call(s.Name), result(s), took)
		case s.Kind == "internal":
			c.say(s.Start, s.Service, "works on: %s%s", s.Name, result(s))
		case s.Status != observe.StatusError && (served[s.SpanID] || toldBetter(s)):
		case served[s.SpanID]:
			c.say(s.End, s.Service, "hears of %s%s, after %s", call(s.Name), result(s), took)
		default:
			c.say(s.Start, cmp.Or(s.Attrs["peer.service"], s.Service), "%s: %s%s, %s", s.Service, call(s.Name), result(s), took)
		}
	}
	return d.unseen()
}

// toldBetter says whether a consumer's own span, or the receiver's book, tells of the same.
func toldBetter(s observe.Span) bool {
	return strings.HasPrefix(s.Name, "consume ") || s.Name == "send email" || s.Name == "send push" || s.Name == "send sms"
}

// call is the name of a call without its package.
func call(name string) string {
	if i := strings.LastIndexByte(name, '/'); i >= 0 && strings.Contains(name[:i], "Service") {
		return name[i+1:]
	}
	return name
}

// result is what came of a span's work, where it says so.
func result(s observe.Span) string {
	status := cmp.Or(s.Attrs["http.response.status_code"], s.Attrs["http.status_code"])
	if code := s.Attrs["rpc.response.status_code"]; code != "OK" {
		status = cmp.Or(status, code)
	}
	text := ""
	if status != "" {
		text = " → " + status
	}
	if s.Status == observe.StatusError {
		text += " FAILED"
		if s.StatusMessage != "" {
			text += ": " + s.StatusMessage
		}
	}
	return text
}

// sent tells when the broker had an event.
func (c *chronicle) sent(s observe.Span) {
	event := eventName(s.Attrs["messaging.destination.name"], s.Attrs["messaging.message.id"])
	if s.Status == observe.StatusError {
		c.say(s.End, "broker", "does not confirm %s to %s%s", event, s.Service, result(s))
		return
	}
	c.say(s.End, "broker", "confirms %s to %s%s", event, s.Service, again)
}

// delivery is an event at one of its consumers.
type delivery struct{ service, event string }

// deliveries tells how often each consumer got each event.
type deliveries struct {
	*chronicle
	count   map[delivery]int
	applied map[delivery]time.Time // by the consumers' inboxes
}

func (c *chronicle) deliveries() (deliveries, error) {
	d := deliveries{c, map[delivery]int{}, map[delivery]time.Time{}}
	err := eachIntake(c.Folder, func(service string, row intakeRow) { d.applied[delivery{service, row.Event}] = micros(row.Applied) })
	return d, err
}

// eachIntake goes through all inboxes.
func eachIntake(f *evidence.Folder, do func(service string, row intakeRow)) error {
	for _, service := range writers() {
		rows, err := table[intakeRow](f, service, "inbox")
		if err != nil {
			return err
		}
		for _, row := range rows {
			do(service, row)
		}
	}
	return nil
}

// repeats says whether a consumer had done with an event already when it came. A process that died has not told of its
// spans, but what it committed stands in its inbox.
func (d deliveries) repeats(s observe.Span) bool {
	key := delivery{s.Service, s.Attrs["messaging.message.id"]}
	before := d.count[key]
	if s.Status != observe.StatusError {
		d.count[key]++
	}
	applied, kept := d.applied[key]
	return before > 0 || kept && applied.Before(s.Start.Truncate(time.Microsecond))
}

func (d deliveries) add(s observe.Span) {
	key := delivery{s.Service, s.Attrs["messaging.message.id"]}
	event, before := eventName(s.Attrs["messaging.destination.name"], key.event), d.count[key]
	if !d.repeats(s) {
		d.say(s.Start, s.Service, "takes in %s%s", event, result(s))
		return
	}
	if before == 0 {
		d.say(d.applied[key], s.Service+" inbox", "records %s; %s", event, unheard)
	}
	d.say(s.Start, s.Service, "gets %s ONCE MORE%s", event, result(s))
}

// unheard is said of an inbox's row that no span goes with.
const unheard = "no span tells that it went well"

// unseen tells of events that stand in an inbox though no span tells of their coming: whoever took them in has died since.
func (d deliveries) unseen() error {
	events, err := d.events()
	if err != nil {
		return err
	}
	return eachIntake(d.Folder, func(service string, row intakeRow) {
		if events[row.Event].ID != "" && d.count[delivery{service, row.Event}] == 0 {
			d.say(micros(row.Applied), service+" inbox", "records %s; %s", eventName(row.Type, row.Event), unheard)
		}
	})
}

// toldElsewhere says which log lines tell of what spans and books tell, too.
func toldElsewhere(message string) bool {
	return slices.Contains([]string{"request served", "call served", "answered", "message sent", "message kept"}, message)
}

// logs tells what processes wrote of the order. Lines about its state are effects, of which each may happen once.
func (c *chronicle) logs(traces map[string]bool) error {
	lines, err := observe.Logs(c.Dir, observe.LogMatch{})
	if err != nil {
		return err
	}
	for _, l := range lines {
		if !traces[l.TraceID] && !strings.Contains(l.Raw, c.order) || l.Level == "info" && toldElsewhere(l.Message) {
			continue
		}
		service, _, _ := cutLast(l.Instance)
		c.say(l.Time, service, "%s%s%s", l.Message, c.fields(l.Raw), again)
	}
	return nil
}

// cutLast takes the number off an instance's name.
func cutLast(instance string) (unit, number string, ok bool) {
	i := strings.LastIndexByte(instance, '-')
	if i < 0 {
		return instance, "", false
	}
	return instance[:i], instance[i+1:], true
}

// fields are what a log line says beside its message, but for who wrote it and when.
func (c *chronicle) fields(raw string) string {
	all := map[string]any{}
	if json.Unmarshal([]byte(raw), &all) != nil {
		return ""
	}
	for _, known := range []string{"level", "service", "instance", "time", "message", "correlation_id", "trace_id", "span_id", "order_id"} {
		delete(all, known)
	}
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(all)) {
		if all[name] != "" {
			parts = append(parts, fmt.Sprintf("%s %v", name, all[name]))
		}
	}
	if len(parts) == 0 {
		return ""
	}
	return ": " + strings.Join(parts, ", ")
}
