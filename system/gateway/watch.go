package gateway

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"google.golang.org/grpc"

	orderv1 "stormglass/system/api/order/v1"
	"stormglass/system/platform/problem"
)

// Times of streams.
const (
	// firstState is how long the order service may take to tell how an order is now.
	firstState = 2 * time.Second
	// reopenPause is between attempts to reopen a stream that broke on the inside.
	reopenPause = 250 * time.Millisecond
	// writeLimit is how long a client may take to accept one event.
	writeLimit = 10 * time.Second
	// clientPause is how long a browser waits before it reconnects.
	clientPause = time.Second
)

// watch follows one order for one client. A stream that breaks on the inside is opened again behind the client's back.
type watch struct {
	orders orderv1.OrderServiceClient
	ctx    context.Context
	id     string

	now    *orderv1.Order // as the stream began
	stream grpc.ServerStreamingClient[orderv1.WatchOrderResponse]
}

// open begins to follow the order, and waits for its present state.
func (w *watch) open() error {
	ctx, cancel := context.WithCancel(w.ctx)
	late := time.AfterFunc(firstState, cancel)
	stream, err := w.orders.WatchOrder(ctx, &orderv1.WatchOrderRequest{OrderId: w.id})
	var first *orderv1.WatchOrderResponse
	if err == nil {
		first, err = stream.Recv()
	}
	if inTime := late.Stop(); !inTime && w.ctx.Err() == nil && (err == nil || problem.CodeOf(err) == problem.Canceled) {
		err = problem.Wrap(err, problem.Timeout, "", "order did not answer in time")
	}
	if err != nil {
		cancel()
		return fmt.Errorf("watch order: %w", err)
	}
	w.now, w.stream = first.GetOrder(), stream
	return nil
}

// run sends each state once, until the last one, or until the client or the gateway leaves. It calls end before it
// returns.
func (w *watch) run(end func(), out events, heartbeat time.Duration) {
	now, states := w.now, make(chan *orderv1.Order)
	go w.follow(states)
	defer func() {
		end()
		for range states { // until follow has ended
		}
	}()
	beat := time.NewTicker(heartbeat)
	defer beat.Stop()
	sent, err := now.GetState(), out.begin(now)
	for err == nil {
		select {
		case o, more := <-states:
			if !more {
				return
			}
			if o.GetState() != sent {
				sent, err = o.GetState(), out.state(o)
			}
		case <-beat.C:
			err = out.heartbeat()
		}
	}
}

// follow gives the order's states after the first until there are no more, and closes the channel.
func (w *watch) follow(states chan<- *orderv1.Order) {
	defer close(states)
	for next, more := w.next(); more; next, more = w.next() {
		select {
		case states <- next:
		case <-w.ctx.Done():
			return
		}
	}
}

func (w *watch) next() (*orderv1.Order, bool) {
	resp, err := w.stream.Recv()
	if err == nil {
		return resp.GetOrder(), true
	}
	for !errors.Is(err, io.EOF) && problem.CodeOf(err).Outage() {
		select {
		case <-w.ctx.Done():
			return nil, false
		case <-time.After(reopenPause):
		}
		if err = w.open(); err == nil {
			return w.now, true
		}
	}
	return nil, false
}

// events writes server-sent events (HTML standard, 9.2).
type events struct {
	to         io.Writer
	controller *http.ResponseController
}

func (e events) begin(now *orderv1.Order) error {
	if err := e.write("retry: %d\n\n", clientPause.Milliseconds()); err != nil {
		return err
	}
	return e.state(now)
}

func (e events) heartbeat() error { return e.write(": still here\n\n") }

func (e events) state(o *orderv1.Order) error {
	data, err := json.Marshal(orderState{o.GetId(), word(o.GetState()), o.GetReason(), instant(o.GetUpdatedUs())})
	if err != nil {
		return fmt.Errorf("encode state: %w", err)
	}
	return e.write("event: state\ndata: %s\n\n", data)
}

func (e events) write(format string, args ...any) error {
	if err := e.controller.SetWriteDeadline(time.Now().Add(writeLimit)); err != nil {
		return fmt.Errorf("set write deadline: %w", err)
	}
	if _, err := fmt.Fprintf(e.to, format, args...); err != nil {
		return fmt.Errorf("write event: %w", err)
	}
	return e.controller.Flush()
}
