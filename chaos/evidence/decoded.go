package evidence

import (
	"bytes"
	"encoding/json"
	"reflect"
	"sync"
)

// Decoded remembers what audits and books decoded to, so that checks which read the same text do not decode it once each, and a
// text that has not changed between two looks is not decoded again. Whoever reads a folder that has one shares the values with
// all others, and must not change them. The zero Decoded is ready for use; a nil one remembers nothing.
type Decoded struct {
	mu     sync.Mutex
	values map[decodedKey]decodedValue
}

// decodedKey is one text in one shape.
type decodedKey struct {
	what string
	as   reflect.Type
}

type decodedValue struct {
	text  json.RawMessage // which it was decoded from
	value reflect.Value
}

// Decode decodes a text of the folder's evidence; what names it. The value is shared where the folder has a Decoded.
func (f *Folder) Decode(what string, text json.RawMessage, into any) error {
	target := reflect.ValueOf(into).Elem()
	key := decodedKey{what, target.Type()}
	if known, ok := f.Decoded.find(key, text); ok {
		target.Set(known)
		return nil
	}
	fresh := reflect.New(key.as)
	if err := decode(what, text, fresh.Interface()); err != nil {
		return err
	}
	f.Decoded.keep(key, text, fresh.Elem())
	target.Set(fresh.Elem())
	return nil
}

func (d *Decoded) find(key decodedKey, text json.RawMessage) (reflect.Value, bool) {
	if d == nil {
		return reflect.Value{}, false
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	known, ok := d.values[key]
	return known.value, ok && bytes.Equal(known.text, text)
}

func (d *Decoded) keep(key decodedKey, text json.RawMessage, value reflect.Value) {
	if d == nil {
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.values == nil {
		d.values = map[decodedKey]decodedValue{}
	}
	d.values[key] = decodedValue{text, value}
}
