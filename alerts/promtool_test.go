package alerts

import (
	"slices"
	"testing"
	"time"

	"github.com/prometheus/common/model"
)

// trial is one of promtool's unit tests, as far as it asks for alerts.
type trial struct {
	Name, Interval string
	Input          []map[string]string `yaml:"input_series"`
	Moments        []moment            `yaml:"alert_rule_test"`
}

// moment is what must be firing of one alert at a time.
type moment struct {
	At       string `yaml:"eval_time"`
	Alert    string `yaml:"alertname"`
	Expected []struct {
		Labels      map[string]string `yaml:"exp_labels"`
		Annotations map[string]string `yaml:"exp_annotations"`
	} `yaml:"exp_alerts"`
}

func (m moment) time(t *testing.T) time.Duration {
	t.Helper()
	d, err := model.ParseDuration(m.At)
	if err != nil {
		t.Fatalf("%s: %v", m.Alert, err)
	}
	return time.Duration(d)
}

// fires says whether a severity of the moment's alert is expected.
func (m moment) fires(severity string) bool {
	for _, e := range m.Expected {
		if e.Labels["severity"] == severity {
			return true
		}
	}
	return false
}

func trials(t *testing.T) []trial {
	t.Helper()
	var all []trial
	for _, name := range files(t, "tests/*.yaml") {
		var f struct {
			Files []string `yaml:"rule_files"`
			Every string   `yaml:"evaluation_interval"`
			Tests []trial
		}
		read(t, name, &f)
		all = append(all, f.Tests...)
	}
	return all
}

// endsIn says whether an alert fires in a trial and later does not.
func endsIn(t *testing.T, tr trial, a written) bool {
	t.Helper()
	var fired time.Duration
	slices.SortFunc(tr.Moments, func(a, b moment) int { return int(a.time(t) - b.time(t)) })
	for _, m := range tr.Moments {
		switch {
		case m.Alert != a.Alert:
		case m.fires(a.Labels["severity"]):
			fired = m.time(t)
		case fired > 0:
			return true
		}
	}
	return false
}

// promtool says whether the tests hold; this says that there is one for each alert, in which it fires and ends.
func TestEveryAlertFiresAndEndsInAUnitTest(t *testing.T) {
	all := trials(t)
	for name, a := range alarms(t) {
		if !slices.ContainsFunc(all, func(tr trial) bool { return endsIn(t, tr, a) }) {
			t.Errorf("%s fires and ends in no test in tests/", name)
		}
	}
}

func TestAnAlertThatNeverEndsIsSeen(t *testing.T) {
	firing := moment{At: "5m", Alert: "A"}
	firing.Expected = append(firing.Expected, struct {
		Labels      map[string]string `yaml:"exp_labels"`
		Annotations map[string]string `yaml:"exp_annotations"`
	}{Labels: map[string]string{"severity": Page}})
	page := written{Alert: "A", Labels: map[string]string{"severity": Page}}
	for name, c := range map[string]struct {
		moments []moment
		want    bool
	}{
		"fires and ends":        {[]moment{firing, {At: "9m", Alert: "A"}}, true},
		"fires":                 {[]moment{firing}, false},
		"is silent, then fires": {[]moment{{At: "1m", Alert: "A"}, firing}, false},
		"another one ends":      {[]moment{firing, {At: "9m", Alert: "B"}}, false},
	} {
		if got := endsIn(t, trial{Moments: c.moments}, page); got != c.want {
			t.Errorf("%s: got %v, want %v", name, got, c.want)
		}
	}
}
