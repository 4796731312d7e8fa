package config

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"unicode/utf8"

	"github.com/quillgo/quill/command"
)

// Parse returns what a JSON text says, in the shape that the package
// documentation shows. The error tells everything that is wrong, one line each;
// then the Config is empty.
func Parse(data []byte) (command.Config, error) {
	root, errs := parseJSON(data)
	if len(errs) > 0 {
		return command.Config{}, errors.Join(errs...)
	}
	return fromTree(root, false)
}

// FromMap returns what a configuration library has decoded, in the same shape:
// maps with strings as keys, of strings, numbers and maps, whatever their Go types.
// As environment variables are strings, a number may be one as well, and a
// time.Duration is a duration. The map is not kept. Errors are as those of [Parse].
//
// A library that changes the case of keys changes the names of commands: they are
// told apart by case.
func FromMap(m map[string]any) (command.Config, error) {
	return fromTree(reflect.ValueOf(m), true)
}

func fromTree(root reflect.Value, text bool) (command.Config, error) {
	var c command.Config
	d := decoder{text: text}
	d.decode("", reflect.ValueOf(&c).Elem(), leaf{}, root)
	if len(d.errs) == 0 {
		if err := c.Validate(); err != nil {
			d.errs = append(d.errs, fmt.Errorf("config: %w", err))
		}
	}
	if len(d.errs) > 0 {
		return command.Config{}, errors.Join(d.errs...)
	}
	return c, nil
}

// parseJSON returns the value that data is, with json.Number for numbers.
func parseJSON(data []byte) (root reflect.Value, errs []error) {
	var valid any
	if err := json.Unmarshal(data, &valid); err != nil {
		return root, []error{at(data, err)}
	}
	if !utf8.Valid(data) {
		return root, []error{errors.New("config: the text is not UTF-8")}
	}
	w := walker{dec: json.NewDecoder(bytes.NewReader(data))}
	w.dec.UseNumber()
	v := w.value("")
	return reflect.ValueOf(&v).Elem(), w.errs
}

// at says where in the text a syntax error is.
func at(data []byte, err error) error {
	var syntax *json.SyntaxError
	if !errors.As(err, &syntax) {
		return fmt.Errorf("config: %w", err)
	}
	before := data[:min(int(syntax.Offset), len(data))]
	line := bytes.Count(before, []byte("\n")) + 1
	column := len(before) - bytes.LastIndexByte(before, '\n') - 1
	return fmt.Errorf("config: line %d, column %d: %w", line, column, err)
}

// walker reads a text that is known to be JSON, and finds keys that are there
// twice.
type walker struct {
	dec  *json.Decoder
	errs []error
}

func (w *walker) value(path string) any {
	switch t := w.token().(type) {
	case json.Delim:
		if t == '{' {
			return w.object(path)
		}
		var all []any
		for w.dec.More() {
			all = append(all, w.value(path+"[]"))
		}
		w.token()
		return all
	default:
		return t
	}
}

func (w *walker) object(path string) map[string]any {
	all := map[string]any{}
	for w.dec.More() {
		key, _ := w.token().(string)
		under := join(path, key)
		if _, ok := all[key]; ok {
			w.errs = append(w.errs, fmt.Errorf("config: %s is there twice, want it once", under))
		}
		all[key] = w.value(under)
	}
	w.token()
	return all
}

func (w *walker) token() json.Token {
	t, err := w.dec.Token()
	if err != nil {
		panic(fmt.Sprintf("config: a text that is JSON was refused: %v", err)) // json.Unmarshal has read it
	}
	return t
}
