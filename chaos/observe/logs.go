package observe

import (
	"errors"
	"time"
)

// LogMatch says which log lines are wanted. Empty fields match everything; the others must all match.
type LogMatch struct {
	Instance, CorrelationID, TraceID string
	// Text must occur somewhere in the line as it was written.
	Text string
}

// LogLine is one line that a process wrote.
type LogLine struct {
	Instance                                       string // from the file's name
	Number                                         int    // of the line in its file, from 1
	Time                                           time.Time
	Level, Message, CorrelationID, TraceID, SpanID string
	Raw                                            string // the line as it was written
}

// Logs reads DIR/logs/*.log and returns the matching lines by time.
func Logs(dir string, match LogMatch) ([]LogLine, error) { return nil, errors.ErrUnsupported }
