package observe

import (
	"errors"
	"fmt"
)

// Recorded is what an [Observer] left in a folder.
type Recorded struct {
	*metrics
	*spans
}

// Open reads an evidence folder and changes nothing in it. Close it when done.
func Open(dir string) (*Recorded, error) {
	metrics, err := openMetrics(metricsDir(dir))
	if err != nil {
		return nil, fmt.Errorf("open recording: %w", err)
	}
	spans, err := openSpans(tracesFile(dir))
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open recording: %w", err), metrics.close())
	}
	return &Recorded{metrics: metrics, spans: spans}, nil
}

// OpenTraces reads the traces of an evidence folder alone, which is much faster than to read its metrics as well.
func OpenTraces(dir string) (Traces, error) {
	spans, err := openSpans(tracesFile(dir))
	if err != nil {
		return nil, fmt.Errorf("open recording: %w", err)
	}
	return spans, nil
}

// Close gives back what reading needed.
func (r *Recorded) Close() error { return r.metrics.close() }
