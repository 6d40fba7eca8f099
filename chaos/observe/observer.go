package observe

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"path/filepath"
	"sync"
	"time"

	"google.golang.org/grpc"
)

// stopTimeout bounds how long Stop waits for clients that are in the middle of sending.
const stopTimeout = 2 * time.Second

// Observer watches one running copy of a system.
type Observer struct {
	*metrics
	*spans
	scraper *scraper
	otlp    *grpc.Server
	jaeger  *http.Server

	otlpAddr, jaegerAddr string

	cancel context.CancelFunc
	work   sync.WaitGroup
	stop   sync.Once

	mu  sync.Mutex
	err error // the first failure of our own; a recording with one is not complete
}

// Start begins to scrape and to receive spans. It goes on until Stop, also when ctx has ended: what happens while a run
// is called off belongs to the recording.
func Start(ctx context.Context, o Options) (_ *Observer, err error) {
	if o.ScrapeEvery == 0 {
		o.ScrapeEvery = defaultScrapeEvery
	}
	if o.Targets == nil {
		o.Targets = func() []Target { return nil }
	}
	if o.Late == nil {
		o.Late = func(time.Duration) {}
	}
	if o.ScrapeEvery < time.Millisecond {
		return nil, fmt.Errorf("start observer: ScrapeEvery is %v, must be at least 1ms", o.ScrapeEvery)
	}
	var undo closers
	defer func() {
		if err != nil {
			err = errors.Join(fmt.Errorf("start observer: %w", err), undo.close())
		}
	}()

	otlp, err := listen(ctx, o.OTLPAddr)
	if err != nil {
		return nil, fmt.Errorf("OTLP receiver: %w", err)
	}
	undo = append(undo, otlp.Close)
	jaeger, err := listen(ctx, o.JaegerAddr)
	if err != nil {
		return nil, fmt.Errorf("Jaeger receiver: %w", err)
	}
	undo = append(undo, jaeger.Close)
	obs := &Observer{}
	if obs.metrics, obs.spans, err = o.create(); err != nil {
		return nil, err
	}
	obs.serve(ctx, o, otlp, jaeger)
	return obs, nil
}

// create makes where metrics and spans are kept.
func (o Options) create() (*metrics, *spans, error) {
	if o.Keep > 0 {
		metrics, err := newMetrics(nil, filepath.Join(metricsDir(o.Dir), "scratch"))
		return metrics, newSpans(), err
	}
	metrics, err := createMetrics(metricsDir(o.Dir))
	if err != nil {
		return nil, nil, err
	}
	spans, err := createSpans(tracesFile(o.Dir))
	if err != nil {
		return nil, nil, errors.Join(err, metrics.close())
	}
	return metrics, spans, nil
}

// serve starts everything that runs beside us; from here on nothing can fail but at its own work.
func (o *Observer) serve(ctx context.Context, opts Options, otlp, jaeger net.Listener) {
	o.otlpAddr, o.jaegerAddr = otlp.Addr().String(), jaeger.Addr().String()
	o.otlp, o.jaeger = newOTLPServer(o.spans), newJaegerServer(o.spans)
	o.scraper = newScraper(opts, o.head, o.fail)

	ctx, o.cancel = context.WithCancel(context.WithoutCancel(ctx))
	o.work.Go(func() { o.scraper.run(ctx) })
	if opts.Keep > 0 {
		o.work.Go(func() { o.forget(ctx, opts.Keep) })
	}
	o.work.Go(func() { o.fail(unless(grpc.ErrServerStopped, o.otlp.Serve(otlp))) })
	o.work.Go(func() { o.fail(unless(http.ErrServerClosed, o.jaeger.Serve(jaeger))) })
}

// forget drops what is older than an age, every tenth of that age.
func (o *Observer) forget(ctx context.Context, age time.Duration) {
	ticker := time.NewTicker(max(age/10, time.Millisecond))
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case now := <-ticker.C:
			o.spans.forget(now.Add(-age))
			o.fail(o.metrics.forget(now.Add(-age)))
		}
	}
}

// OTLP is the host:port of the OTLP gRPC receiver for traces.
func (o *Observer) OTLP() string { return o.otlpAddr }

// Jaeger is the URL to which legacy Jaeger clients post batches of spans in Thrift.
func (o *Observer) Jaeger() string { return "http://" + o.jaegerAddr + jaegerPath }

// Problems tells why targets that are down now could not be scraped, by instance.
func (o *Observer) Problems() map[string]error { return o.scraper.problems() }

// Stop ends the watching and leaves the folder complete. An error means that the recording is not.
// Stop the watched system first, or its last spans are lost.
func (o *Observer) Stop(ctx context.Context) error {
	o.stop.Do(func() {
		ctx, cancel := context.WithTimeout(ctx, stopTimeout)
		defer cancel()
		o.cancel()
		unhurried := context.AfterFunc(ctx, o.otlp.Stop)
		o.otlp.GracefulStop()
		unhurried()
		if o.jaeger.Shutdown(ctx) != nil {
			o.fail(o.jaeger.Close())
		}
		o.work.Wait()
		o.fail(errors.Join(o.spans.close(), o.metrics.close()))
	})
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.err
}

// fail keeps the first failure.
func (o *Observer) fail(err error) {
	if err == nil {
		return
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.err == nil {
		o.err = fmt.Errorf("record run: %w", err)
	}
}

// unless drops the error that a server returns when it was asked to stop.
func unless(expected, err error) error {
	if errors.Is(err, expected) {
		return nil
	}
	return err
}

// listen binds an address, or a free port of the loopback interface when there is none.
func listen(ctx context.Context, addr string) (net.Listener, error) {
	if addr == "" {
		addr = "127.0.0.1:0"
	}
	return (&net.ListenConfig{}).Listen(ctx, "tcp", addr)
}

// closers undo the steps of a start that did not get through.
type closers []func() error

func (c closers) close() error {
	var errs []error
	for i := len(c) - 1; i >= 0; i-- {
		errs = append(errs, c[i]())
	}
	return errors.Join(errs...)
}
