package alerts

import (
	"os"
	"testing"
)

func TestCommittedRulesAreTheGeneratedOnes(t *testing.T) {
	want, err := Rules(Objectives()).Encode()
	if err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile("rules/slo.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != string(want) {
		t.Error("rules/slo.yaml is not what objectives.go gives: run make alerts")
	}
}
