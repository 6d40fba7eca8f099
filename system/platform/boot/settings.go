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

// Settings fills a struct from the environment (tags `env` and `envDefault`; a field tagged `,required` must be there) and reports
// every problem at once.
func Settings(into any) error {
	environment, err := withFiles(env.ToMap(os.Environ()))
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
	var text strings.Builder
	for _, p := range problems {
		fmt.Fprintf(&text, "\n  %v", p)
	}
	return fmt.Errorf("%w: wrong settings in the environment:%s", ErrUsage, text.String())
}

// withFiles replaces NAME_FILE by NAME with the file's content.
func withFiles(environment map[string]string) (map[string]string, error) {
	for name, path := range environment {
		setting, isFile := strings.CutSuffix(name, "_FILE")
		if !isFile || setting == "" || path == "" {
			continue
		}
		if _, both := environment[setting]; both {
			continue
		}
		content, err := os.ReadFile(path)
		if err != nil {
			return nil, fmt.Errorf("%w: setting %s: %w", ErrUsage, name, err)
		}
		environment[setting] = strings.TrimSpace(string(content))
	}
	return environment, nil
}
