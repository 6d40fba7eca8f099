package telemetry

import (
	"context"
	"encoding/json"
)

// origin is where work that is done later comes from.
type origin struct {
	Correlation string            `json:"correlation,omitempty"`
	Trace       map[string]string `json:"trace,omitempty"`
}

// Pack writes down the request and the trace that ctx belongs to, to be stored with work that is done later.
func (t *Telemetry) Pack(ctx context.Context) string {
	packed, err := json.Marshal(origin{Correlation(ctx), t.Carry(ctx)})
	if err != nil {
		panic("encode plain strings: " + err.Error())
	}
	return string(packed)
}

// Unpack puts what Pack wrote into ctx, so that the work's logs and spans join the request that led to it. What is not
// readable adds nothing: the work matters more than its trace.
func (t *Telemetry) Unpack(ctx context.Context, packed string) context.Context {
	var o origin
	if json.Unmarshal([]byte(packed), &o) != nil {
		return ctx
	}
	if o.Correlation != "" {
		ctx = WithCorrelation(ctx, o.Correlation)
	}
	return t.Resume(ctx, o.Trace)
}
