package boot

import (
	"errors"
	"fmt"
	"os"
	"reflect"
	"strings"

	"github.com/caarlos0/env/v11"
	"github.com/rs/zerolog"
)

// ErrUsage marks what the operator must correct.
var ErrUsage = errors.New("usage")

// Secret is a setting that never shows itself. With NAME_FILE in the environment its value is that file's content.
type Secret string

// String hides the value from logs and messages.
func (Secret) String() string { return "***" }

// MarshalText hides the value from encoders.
func (Secret) MarshalText() ([]byte, error) { return []byte("***"), nil }

// Settings fills a struct from the environment (tags `env` and `envDefault`; a field tagged `,required` must be there and not be empty) and reports
// every problem at once.
func Settings(into any) error {
	environment, err := withFiles(into, env.ToMap(os.Environ()))
	if err != nil {
		return err
	}
	err = env.ParseWithOptions(into, env.Options{Environment: environment, FuncMap: map[reflect.Type]env.ParserFunc{
		reflect.TypeFor[zerolog.Level](): func(v string) (any, error) { return zerolog.ParseLevel(v) },
	}})
	if err == nil {
		return nil
	}
	problems := []error{err}
	if all, ok := errors.AsType[env.AggregateError](err); ok {
		problems = all.Errors
	}
	names := map[string]string{}
	settingsOf(reflect.TypeOf(into).Elem(), names)
	var text strings.Builder
	for _, p := range problems {
		if wrong, ok := errors.AsType[env.ParseError](p); ok {
			p = fmt.Errorf("%s: want a %s: %w", names[wrong.Name], wrong.Type, wrong.Err)
		}
		fmt.Fprintf(&text, "\n  %v", p)
	}
	return fmt.Errorf("%w: wrong settings in the environment:%s", ErrUsage, text.String())
}

// settingsOf collects the names of a struct's settings by the names of their fields, which is all that the parser tells.
func settingsOf(t reflect.Type, names map[string]string) {
	for f := range t.Fields() {
		if f.Type.Kind() == reflect.Struct {
			settingsOf(f.Type, names)
		}
		setting, _, _ := strings.Cut(f.Tag.Get("env"), ",")
		switch {
		case setting == "":
		case names[f.Name] == "":
			names[f.Name] = setting
		default:
			names[f.Name] += " or " + setting
		}
	}
}

// withFiles gives the environment, and for each of the struct's settings NAME that is not there itself the content of the
// file that NAME_FILE names.
func withFiles(into any, environment map[string]string) (map[string]string, error) {
	fields, err := env.GetFieldParams(into)
	if err != nil {
		return nil, fmt.Errorf("list settings: %w", err)
	}
	for _, field := range fields {
		path := environment[field.Key+"_FILE"]
		if _, direct := environment[field.Key]; direct || path == "" {
			continue
		}
		content, err := os.ReadFile(path)
		if err != nil {
			return nil, fmt.Errorf("%w: setting %s_FILE: %w", ErrUsage, field.Key, err)
		}
		environment[field.Key] = strings.TrimSpace(string(content))
	}
	for _, field := range fields {
		if field.Required && environment[field.Key] == "" { // an empty secret would be everybody's
			delete(environment, field.Key)
		}
	}
	return environment, nil
}
