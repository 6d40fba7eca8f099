package bench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"sync/atomic"

	"google.golang.org/grpc"
	_ "google.golang.org/grpc/encoding/gzip" // exporters may compress
	"google.golang.org/grpc/mem"
)

// sink takes traces as a collector does, and keeps none: a harness that decoded and stored them would compete with the
// system for the processor.
type sink struct {
	bytes        atomic.Int64
	otlp, jaeger net.Listener
	grpc         *grpc.Server
	http         *http.Server
	serving      sync.WaitGroup
}

func newSink(ctx context.Context) (*sink, error) {
	s := &sink{}
	for _, l := range []*net.Listener{&s.otlp, &s.jaeger} {
		var err error
		if *l, err = (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0"); err != nil {
			return nil, errors.Join(fmt.Errorf("listen for traces: %w", err), s.close())
		}
	}
	s.grpc = grpc.NewServer(grpc.ForceServerCodecV2(raw{}), grpc.UnknownServiceHandler(s.export))
	s.http = &http.Server{Handler: http.HandlerFunc(s.batch)}
	s.serving.Go(func() { _ = s.grpc.Serve(s.otlp) })   // ends with close
	s.serving.Go(func() { _ = s.http.Serve(s.jaeger) }) // ends with close
	return s, nil
}

// export answers any call with an empty message, which for OTLP means that all was taken.
func (s *sink) export(_ any, stream grpc.ServerStream) error {
	var size int
	if err := stream.RecvMsg(&size); err != nil {
		return err
	}
	s.bytes.Add(int64(size))
	return stream.SendMsg(&size)
}

func (s *sink) batch(w http.ResponseWriter, r *http.Request) {
	n, _ := io.Copy(io.Discard, r.Body) // a client that left sent less
	s.bytes.Add(n)
	w.WriteHeader(http.StatusAccepted)
}

func (s *sink) close() error {
	var errs []error
	if s.grpc != nil {
		s.grpc.Stop()
		errs = append(errs, s.http.Close())
	}
	for _, l := range []net.Listener{s.otlp, s.jaeger} {
		if l == nil {
			continue
		}
		if err := l.Close(); !errors.Is(err, net.ErrClosed) {
			errs = append(errs, err)
		}
	}
	s.serving.Wait()
	return errors.Join(errs...)
}

// raw is a codec that looks at a message's size alone.
type raw struct{}

func (raw) Marshal(any) (mem.BufferSlice, error) { return nil, nil }

func (raw) Unmarshal(data mem.BufferSlice, v any) error {
	*v.(*int) = data.Len()
	return nil
}

func (raw) Name() string { return "proto" }
