package gateway

import (
	"net/http"
	"regexp"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/validation"
)

// refusal words what the typed layer found wrong with an input. The rejected values stay out of it.
func refusal(op *huma.Operation, model *huma.ErrorModel) *Problem {
	switch model.Status {
	case http.StatusRequestEntityTooLarge:
		return bodyTooLarge()
	case http.StatusRequestTimeout:
		return newProblem(model.Status, "body_too_slow", "the body did not arrive in time: send the request again")
	case http.StatusInternalServerError: // the only one of its own: the body broke off
		return newProblem(http.StatusBadRequest, "body_unreadable", "the body ended before its announced length: send the request again")
	}
	if len(model.Errors) == 0 {
		return newProblem(http.StatusBadRequest, "body_missing", "this needs a JSON body: see /docs for its fields")
	}
	for _, d := range model.Errors {
		if bad, found := parseBadBody(d.Message); found {
			return newProblem(http.StatusBadRequest, bad.reason, bad.detail)
		}
	}
	return invalidFields(op, model.Errors)
}

func invalidFields(op *huma.Operation, details []*huma.ErrorDetail) *Problem {
	p := newProblem(http.StatusBadRequest, "invalid_fields", "several fields are wrong: see fields")
	for _, d := range details {
		p.Fields = append(p.Fields, wrong(op, d))
	}
	if len(p.Fields) == 1 {
		p.Detail = p.Fields[0].Name + ": " + p.Fields[0].Problem
	}
	return p
}

// wrong names one wrong field and what is expected of it.
func wrong(op *huma.Operation, d *huma.ErrorDetail) field {
	place, name, _ := strings.Cut(d.Location, ".")
	before, after, _ := strings.Cut(validation.MsgExpectedRequiredProperty, "%s")
	if missing, ok := strings.CutPrefix(d.Message, before); ok {
		missing = strings.TrimSuffix(missing, after)
		return field{strings.TrimPrefix(name+"."+missing, "."), "is required"}
	}
	switch {
	case d.Message == validation.MsgUnexpectedProperty, d.Message == "unknown query parameter":
		return field{printable(name), "there is no such field: see /docs for those that there are"}
	case strings.HasSuffix(d.Message, "parameter is missing"):
		return field{name, "is required: send " + descriptionOf(op, place, name)}
	case name == "":
		name = place
	}
	return field{printable(name), d.Message}
}

func descriptionOf(op *huma.Operation, place, name string) string {
	for _, p := range op.Parameters {
		if p.In == place && p.Name == name {
			return p.Description
		}
	}
	return "it"
}

// fieldName is what a field may be called for its name to be shown again.
var fieldName = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_.\-\[\]]{0,63}$`)

// printable gives the name of a field, unless the client put something else in the place of a name.
func printable(name string) string {
	if !fieldName.MatchString(name) {
		return "(unprintable name)"
	}
	return name
}
