package config

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/quillgo/quill/command"
)

// Marshal returns the JSON text that [Parse] reads as c, indented, in a fixed
// order: to show settings, or to turn Hystrix's properties into a file of quill's.
// Fields that are not set are left out. The error is that of
// [command.Config.Validate].
func Marshal(c command.Config) ([]byte, error) {
	if err := c.Validate(); err != nil {
		return nil, fmt.Errorf("config: %w", err)
	}
	w := writer{}
	if err := w.object("", reflect.ValueOf(c), 0); err != nil {
		return nil, err
	}
	w.WriteByte('\n')
	return w.Bytes(), nil
}

type writer struct{ bytes.Buffer }

// object writes a struct or a map.
func (w *writer) object(path string, v reflect.Value, depth int) error {
	open := false
	entry := func(key string, v reflect.Value, l leaf) error {
		if open {
			w.WriteByte(',')
		} else {
			w.WriteByte('{')
		}
		open = true
		name, err := json.Marshal(key)
		if err != nil {
			return fmt.Errorf("config: %w", err)
		}
		w.WriteString("\n" + strings.Repeat("  ", depth+1) + string(name) + ": ")
		if k := v.Kind(); k == reflect.Struct || k == reflect.Map {
			return w.object(join(path, key), v, depth+1)
		}
		text, ok := l.write(get(v))
		if !ok {
			return fmt.Errorf("config: %s is %v, want %s", join(path, key), v, l)
		}
		w.WriteString(text)
		return nil
	}
	if v.Kind() == reflect.Map {
		for _, key := range slices.Sorted(maps.Keys(keysIn(v))) {
			if err := entry(key, v.MapIndex(reflect.ValueOf(key)), leaf{}); err != nil {
				return err
			}
		}
	} else {
		for _, f := range reflect.VisibleFields(v.Type()) {
			field := v.FieldByIndex(f.Index)
			if field.IsZero() || field.Kind() == reflect.Map && field.Len() == 0 {
				continue
			}
			if err := entry(keyOf(f), field, leafOf(v.Type(), f)); err != nil {
				return err
			}
		}
	}
	if !open {
		w.WriteString("{}")
		return nil
	}
	w.WriteString("\n" + strings.Repeat("  ", depth) + "}")
	return nil
}

func keysIn(v reflect.Value) map[string]bool {
	keys := map[string]bool{}
	for _, k := range v.MapKeys() {
		keys[k.String()] = true
	}
	return keys
}
