package user

import (
	"slices"
	"strings"
	"testing"

	"stormglass/system/platform/problem"
)

// fields names what a problem complains about.
func fields(err error) []string {
	if err == nil {
		return nil
	}
	var names []string
	for _, f := range problem.As(err).Fields {
		names = append(names, f.Name)
	}
	return names
}

func TestRegistrationIsRefusedFieldByField(t *testing.T) {
	with := func(change func(*Registration)) Registration {
		r := ada()
		change(&r)
		return r
	}
	for name, c := range map[string]struct {
		r    Registration
		want []string
	}{
		"as it should be":      {ada(), nil},
		"without a phone":      {with(func(r *Registration) { r.Phone = "" }), nil},
		"nothing at all":       {Registration{}, []string{"Idempotency-Key", "email", "password", "name"}},
		"e-mail without at":    {with(func(r *Registration) { r.Email = "ada.example.org" }), []string{"email"}},
		"e-mail without dot":   {with(func(r *Registration) { r.Email = "ada@example" }), []string{"email"}},
		"e-mail with a header": {with(func(r *Registration) { r.Email = "ada@example.org\r\nBcc: all@example.org" }), []string{"email"}},
		"e-mail with a script": {with(func(r *Registration) { r.Email = `"<script>"@example.org` }), []string{"email"}},
		"e-mail too long":      {with(func(r *Registration) { r.Email = "a@" + strings.Repeat("b", 250) + ".de" }), []string{"email"}},
		"e-mail with two dots": {with(func(r *Registration) { r.Email = "a..b@example.com" }), []string{"email"}},
		"e-mail from a dot":    {with(func(r *Registration) { r.Email = ".a@example.com" }), []string{"email"}},
		"e-mail up to a dot":   {with(func(r *Registration) { r.Email = "a.@example.com" }), []string{"email"}},
		"e-mail not in ASCII":  {with(func(r *Registration) { r.Email = "ädä@example.com" }), []string{"email"}},
		"e-mail in Kelvin":     {with(func(r *Registration) { r.Email = "\u212aada@example.com" }), []string{"email"}},
		"e-mail in capitals":   {with(func(r *Registration) { r.Email = " ADA@EXAMPLE.COM " }), nil},
		"short password":       {with(func(r *Registration) { r.Password = "1234567" }), []string{"password"}},
		"long password":        {with(func(r *Registration) { r.Password = strings.Repeat("x", 201) }), []string{"password"}},
		"8 letters of 2 bytes": {with(func(r *Registration) { r.Password = "äöüäöüäö" }), nil},
		"name with a newline":  {with(func(r *Registration) { r.Name = "Ada\nLovelace" }), []string{"name"}},
		"name with a NUL":      {with(func(r *Registration) { r.Name = "Ada\x00" }), []string{"name"}},
		"name of spaces":       {with(func(r *Registration) { r.Name = "   " }), []string{"name"}},
		"name not in UTF-8":    {with(func(r *Registration) { r.Name = "\xff" }), []string{"name"}},
		"name with SQL":        {with(func(r *Registration) { r.Name = `'; DROP TABLE users; --` }), nil},
		"national phone":       {with(func(r *Registration) { r.Phone = "030 123456" }), []string{"phone"}},
		"key with a NUL":       {with(func(r *Registration) { r.Key = "a\x00b" }), []string{"Idempotency-Key"}},
		"key too long":         {with(func(r *Registration) { r.Key = strings.Repeat("k", 201) }), []string{"Idempotency-Key"}},
	} {
		if got := fields(c.r.validate()); !slices.Equal(got, c.want) {
			t.Errorf("%s: complains about %q, want %q", name, got, c.want)
		}
	}
}

func TestAnEmailIsChangedOnlyToOneThatCanBeWrittenTo(t *testing.T) {
	for email, want := range map[string][]string{"ada@example.org": nil, "a..b@example.com": {"email"}, ".a@example.com": {"email"}, "a.@example.com": {"email"}, "": {"email"}} {
		if got := fields(Change{Email: &email}.validate()); !slices.Equal(got, want) {
			t.Errorf("%q: complains about %q, want %q", email, got, want)
		}
	}
}

func TestAddressIsRefusedFieldByField(t *testing.T) {
	good := Address{ID: "0b0e4b6c-5a5e-4b57-9d5a-2f1f0c9e7a11", Name: "Ada", Street: "Am Park 1", Postcode: "10115", City: "Berlin", Country: "DE"}
	if err := good.validate(); err != nil {
		t.Errorf("a good address: %v", err)
	}
	all := []string{"id", "name", "street", "postcode", "city", "country"}
	if got := fields(Address{ID: "1", Country: "Germany"}.validate()); !slices.Equal(got, all) {
		t.Errorf("complains about %q, want %q", got, all)
	}
	braced := good
	braced.ID = "{" + good.ID + "}"
	if got := fields(braced.validate()); !slices.Equal(got, []string{"id"}) {
		t.Errorf("a UUID in braces is another text for the same id: complains about %q", got)
	}
}

func TestProblemsDoNotRepeatWhatWasSent(t *testing.T) {
	r := Registration{Key: "\x00secret", Email: "secret", Password: "secret", Name: "secret\x00", Phone: "secret"}
	p := problem.As(r.validate())
	for _, f := range p.Fields {
		if strings.Contains(f.Problem, "secret") {
			t.Errorf("field %s: %q repeats its value", f.Name, f.Problem)
		}
	}
	if len(p.Fields) != 5 || strings.Contains(p.Message, "secret") {
		t.Errorf("got %v", p)
	}
}
