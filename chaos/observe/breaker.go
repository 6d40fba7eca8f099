package observe

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// The states of a breaker, as its log lines name them.
const (
	BreakerClosed   = "closed"
	BreakerOpen     = "open"
	BreakerHalfOpen = "half-open"
)

// BreakerChange is one numbered log line of a breaker. Scrapes can miss a state that was short, these lines cannot.
type BreakerChange struct {
	Client   string    `json:"client"`
	Server   string    `json:"server"`
	From     string    `json:"from"`
	To       string    `json:"to"`
	Sequence int       `json:"sequence"` // counts from 1 in each process, for each of its breakers
	Time     time.Time `json:"time"`
	Instance string    `json:"-"` // whose log it stands in
	Line     int       `json:"-"` // of that log
}

// BreakerChanges reads the changes of all breakers from the logs in a folder, by time. message is what such a line says.
func BreakerChanges(dir, message string) ([]BreakerChange, error) {
	if message == "" {
		return nil, errors.New("read changes of breakers: the system's telemetry has no breaker_change, which is what such a log line says")
	}
	said, err := json.Marshal(message)
	if err != nil {
		return nil, fmt.Errorf("read changes of breakers: %w", err)
	}
	lines, err := Logs(dir, LogMatch{Text: `"message":` + string(said)})
	if err != nil {
		return nil, err
	}
	var changes []BreakerChange
	for _, line := range lines {
		c := BreakerChange{Instance: line.Instance, Line: line.Number}
		if err := json.Unmarshal([]byte(line.Raw), &c); err != nil {
			return nil, fmt.Errorf("read line %d of %s's log: %w", line.Number, line.Instance, err)
		}
		changes = append(changes, c)
	}
	return changes, nil
}
