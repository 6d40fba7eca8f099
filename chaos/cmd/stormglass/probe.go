package main

import (
	"encoding/json"
	"fmt"
	"io"
	"math"
	"time"

	"stormglass/chaos/cell"
	"stormglass/chaos/load"
	"stormglass/chaos/report"
	"stormglass/chaos/system"
)

// probeReport is the one JSON object that `stormglass up --probe` prints.
type probeReport struct {
	BootMS           float64            `json:"boot_ms"`            // from nothing to every process ready
	OrderConfirmedMS float64            `json:"order_confirmed_ms"` // from the order's request to its confirmation
	FirstOrderMS     float64            `json:"first_order_ms"`     // from nothing to the first order completed
	RSSMB            float64            `json:"rss_mb"`             // proportional memory of all processes, in 10^6 bytes
	TraceID          string             `json:"trace_id"`
	Services         []string           `json:"services"`
	ProcessMB        map[string]float64 `json:"process_mb"` // memory by process
}

func printProbe(w io.Writer, running *cell.Cell, begin, booted time.Time, seen load.Sighting) error {
	memory, err := running.PSS()
	if err != nil {
		return codeError{report.ExitInvalid, fmt.Errorf("measure memory: %w", err)}
	}
	r := probeReport{
		BootMS: milliseconds(booted.Sub(begin)), OrderConfirmedMS: milliseconds(seen.Confirmed),
		FirstOrderMS: milliseconds(seen.Completed.Sub(begin)), TraceID: seen.TraceID, ProcessMB: map[string]float64{},
	}
	var total float64
	for _, i := range running.Instances() {
		bytes := float64(memory[i.Name])
		total += bytes
		r.ProcessMB[i.Name] = tenth(bytes / 1e6)
		if i.Kind == system.Service && i.State == cell.Ready {
			r.Services = append(r.Services, i.Unit)
		}
	}
	r.RSSMB = tenth(total / 1e6)
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(r); err != nil {
		return fmt.Errorf("print probe: %w", err)
	}
	return nil
}

func milliseconds(d time.Duration) float64 { return tenth(d.Seconds() * 1000) }

func tenth(x float64) float64 { return math.Round(x*10) / 10 }
