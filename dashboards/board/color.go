package board

import (
	"strconv"

	"github.com/grafana/grafana-foundation-sdk/go/cog"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
)

// The colours, by the names that Grafana has for them in both its themes.
const (
	Green  = "green"
	Yellow = "yellow"
	Orange = "orange"
	Red    = "red"
	Blue   = "blue"
)

// From is the limit from which on a number has the colour.
func From(value float64, color string) Limit { return Limit{value, color} }

// Below gives all numbers a colour that have not reached the first limit, where that is not green.
func Below(color string) Limit { return Limit{lowest, color} }

// lowest stands for minus infinity, which JSON cannot say.
const lowest = -1e308

func (p Panel) thresholds() *dashboard.ThresholdsConfigBuilder {
	steps := []dashboard.Threshold{{Color: Green}}
	for _, l := range p.limits {
		if l.From == lowest {
			steps[0].Color = l.Color
			continue
		}
		steps = append(steps, dashboard.Threshold{Value: cog.ToPtr(l.From), Color: l.Color})
	}
	return dashboard.NewThresholdsConfigBuilder().Mode(dashboard.ThresholdsModeAbsolute).Steps(steps)
}

func (p Panel) mappings() []dashboard.ValueMapping {
	options := map[string]dashboard.ValueMappingResult{}
	for i, s := range p.states {
		options[strconv.Itoa(s.Value)] = dashboard.ValueMappingResult{Text: cog.ToPtr(s.Text), Color: cog.ToPtr(s.Color), Index: cog.ToPtr(int32(i))}
	}
	return []dashboard.ValueMapping{{ValueMap: &dashboard.ValueMap{Type: dashboard.MappingTypeValueToText, Options: options}}}
}
