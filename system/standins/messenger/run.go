package messenger

import (
	"context"
	"path/filepath"

	"stormglass/system/platform/boot"
	"stormglass/system/standins/front"
)

type settings struct {
	HTTP string `env:"HTTP_ADDR,required,notEmpty"`
	Data string `env:"DATA,required,notEmpty"`
}

// Run takes messages until the program stops.
func Run(ctx context.Context, rt *boot.Runtime) error {
	var s settings
	if err := boot.Settings(&s); err != nil {
		return err
	}
	book, err := Open(filepath.Join(s.Data, "messages.jsonl"))
	if err != nil {
		return err
	}
	rt.OnStop("book", func(context.Context) error { return book.Close() })
	return front.Serve(ctx, rt, s.HTTP, book.Routes())
}
