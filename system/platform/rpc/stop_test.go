package rpc

import (
	"context"
	"net"
	"testing"
	"time"

	"google.golang.org/grpc"

	cartv1 "stormglass/system/api/cart/v1"
	orderv1 "stormglass/system/api/order/v1"
	"stormglass/system/platform/problem"
	"stormglass/system/platform/resilience"
	"stormglass/system/platform/telemetry"
)

// orders tells an order's first state and then waits for the next for ever.
type orders struct {
	orderv1.UnimplementedOrderServiceServer
}

func (orders) WatchOrder(_ *orderv1.WatchOrderRequest, s grpc.ServerStreamingServer[orderv1.WatchOrderResponse]) error {
	if err := s.Send(&orderv1.WatchOrderResponse{}); err != nil {
		return err
	}
	<-s.Context().Done()
	return s.Context().Err()
}

// carts answers when it is let.
type carts struct {
	cartv1.UnimplementedCartServiceServer
	asked, answer chan struct{}
}

func (c carts) GetCart(ctx context.Context, _ *cartv1.GetCartRequest) (*cartv1.GetCartResponse, error) {
	close(c.asked)
	select {
	case <-c.answer:
		return &cartv1.GetCartResponse{}, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// served starts a server and gives it with its address; the test stops it.
func served(t *testing.T, c carts) (*Server, string) {
	t.Helper()
	s := NewServer(telemetry.Discard("order"), nil)
	orderv1.RegisterOrderServiceServer(s, orders{})
	cartv1.RegisterCartServiceServer(s, c)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- s.Serve(l) }()
	t.Cleanup(func() {
		s.Stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	return s, l.Addr().String()
}

func connected(t *testing.T, addr string) *grpc.ClientConn {
	t.Helper()
	tel := telemetry.Discard("gateway")
	link, err := resilience.New(tel, "gateway", "order", resilience.Policy{Deadline: 20 * time.Second, AttemptTimeout: 20 * time.Second, Attempts: 1})
	if err != nil {
		t.Fatal(err)
	}
	conn, err := Dial(tel, link, []string{addr})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}

// stops stops the server and gives how long that took.
func stops(t *testing.T, s *Server) (time.Duration, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	start := time.Now()
	err := s.stop(ctx)
	return time.Since(start), err
}

func TestASilentConnectionDoesNotHoldTheStopUp(t *testing.T) {
	s, addr := served(t, carts{})
	silent, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	if took, err := stops(t, s); err != nil || took > handshakeLimit+20*time.Second {
		t.Errorf("stopped after %v with %v, want within %v without an error", took, err, handshakeLimit)
	}
}

func TestAnOpenStreamEndsWithTheServer(t *testing.T) {
	s, addr := served(t, carts{})
	stream, err := orderv1.NewOrderServiceClient(connected(t, addr)).WatchOrder(t.Context(), &orderv1.WatchOrderRequest{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := stream.Recv(); err != nil {
		t.Fatal(err)
	}
	if took, err := stops(t, s); err != nil || took > time.Second {
		t.Errorf("stopped after %v with %v, want at once without an error", took, err)
	}
	if _, err := stream.Recv(); problem.CodeOf(err) != problem.Unavailable {
		t.Errorf("the stream ended with %v, want unavailable: its client must look for another instance", err)
	}
}

func TestACallThatIsOpenMayFinish(t *testing.T) {
	c := carts{asked: make(chan struct{}), answer: make(chan struct{})}
	s, addr := served(t, c)
	client := cartv1.NewCartServiceClient(connected(t, addr))
	answered := make(chan error, 1)
	go func() {
		_, err := client.GetCart(t.Context(), &cartv1.GetCartRequest{})
		answered <- err
	}()
	<-c.asked
	time.AfterFunc(100*time.Millisecond, func() { close(c.answer) })
	if took, err := stops(t, s); err != nil {
		t.Errorf("stopped after %v with %v", took, err)
	}
	if err := <-answered; err != nil {
		t.Errorf("the open call came to %v", err)
	}
}

func TestACallThatDoesNotFinishIsCutOffAndReported(t *testing.T) {
	c := carts{asked: make(chan struct{}), answer: make(chan struct{})}
	s, addr := served(t, c)
	client := cartv1.NewCartServiceClient(connected(t, addr))
	answered := make(chan error, 1)
	go func() {
		_, err := client.GetCart(t.Context(), &cartv1.GetCartRequest{})
		answered <- err
	}()
	<-c.asked
	if took, err := stops(t, s); err == nil || took > finishLimit+20*time.Second {
		t.Errorf("stopped after %v with %v, want an error after %v", took, err, finishLimit)
	}
	if err := <-answered; problem.CodeOf(err) != problem.Unavailable {
		t.Errorf("the call that was cut off came to %v, want unavailable", err)
	}
}
