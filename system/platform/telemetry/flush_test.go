package telemetry

import (
	"context"
	"io"
	"net"
	"testing"
	"time"

	"stormglass/internal/ports/portstest"
)

func TestACollectorThatIsAwayDoesNotHoldUpTheEnd(t *testing.T) {
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	for name, collector := range map[string]string{"refused": portstest.Refusing(t), "silent": silent.Addr().String()} {
		t.Run(name, func(t *testing.T) {
			tel, flush, err := Start(t.Context(), Options{Service: "order", Instance: "order-1", OTLP: collector, Output: io.Discard})
			if err != nil {
				t.Fatal(err)
			}
			_, span := tel.Tracer("test").Start(t.Context(), "place order")
			span.End()
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			start := time.Now()
			if err := flush(ctx); err != nil {
				t.Errorf("got %v, want no error: the program did not fail", err)
			}
			if took := time.Since(start); took > flushLimit+20*time.Second {
				t.Errorf("the end took %v", took)
			}
		})
	}
}
