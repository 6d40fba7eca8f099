package load

import (
	"encoding/json"
	"fmt"
	"io"
	"sync"
)

// Recorder keeps the history in memory for those who judge while the run is on, and writes each operation to w as one
// line of JSON at the moment it ends. It is safe for use from many goroutines.
type Recorder struct {
	mu      sync.Mutex
	encoder *json.Encoder
	history []Operation
	err     error
}

// NewRecorder makes a recorder that writes to w.
func NewRecorder(w io.Writer) *Recorder { return &Recorder{encoder: json.NewEncoder(w)} }

// History is what has ended so far, in order of its end. The slice is the caller's to read, not to change.
func (r *Recorder) History() []Operation {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.history[:len(r.history):len(r.history)]
}

// Err is the first error in writing the history, after which the evidence is incomplete.
func (r *Recorder) Err() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.err
}

func (r *Recorder) add(op Operation) {
	r.mu.Lock()
	defer r.mu.Unlock()
	op.Seq = len(r.history) + 1
	r.history = append(r.history, op)
	if err := r.encoder.Encode(op); err != nil && r.err == nil {
		r.err = fmt.Errorf("write history: %w", err)
	}
}
