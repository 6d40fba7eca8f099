package front

import (
	"bufio"
	"encoding/json"
	"maps"
	"net/http"
	"slices"
)

// Lines gives JSON values one by one, in an order that never changes, to yield; it passes on yield's error.
type Lines func(yield func(line []byte) error) error

// Books answers with one JSON object: the fields of head, then a list called name, which is never held in memory. A list
// that ends early is no valid JSON, so that nobody takes half a book for a whole one.
func Books(w http.ResponseWriter, head map[string]any, name string, lines Lines) {
	w.Header().Set("Content-Type", "application/json")
	out := bufio.NewWriterSize(w, 32<<10)
	if write(out, head, name, lines) == nil {
		_, _ = out.WriteString("\n]}\n") // Flush gives this error, too
	}
	_ = out.Flush() // the client has left; nobody is there to be told
}

func write(out *bufio.Writer, head map[string]any, name string, lines Lines) error {
	_ = out.WriteByte('{') // a bufio.Writer keeps its first error and gives it at each later call
	for _, field := range slices.Sorted(maps.Keys(head)) {
		value, err := json.Marshal(head[field])
		if err != nil {
			return err
		}
		_, _ = out.WriteString(`"` + field + `":` + string(value) + ",\n")
	}
	_, _ = out.WriteString(`"` + name + `":[`)
	separator := "\n"
	return lines(func(line []byte) error {
		_, _ = out.WriteString(separator)
		separator = ",\n"
		_, err := out.Write(line)
		return err
	})
}
