package config

import (
	"encoding/json"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/quillgo/quill/breaker"
	"github.com/quillgo/quill/command"
	"github.com/quillgo/quill/isolation"
)

// leaf is what a value that is no object may be: words, and perhaps numbers or
// durations, all of which stand for an integer.
type leaf struct {
	numbers   bool
	durations bool
	words     []word
}

type word struct {
	text  string
	value int64
}

// off is a duration that is switched off.
const off = -1

var (
	unlimited = word{"Unlimited", command.Unlimited}
	none      = word{"None", command.None}
	switches  = []word{{"On", int64(command.On)}, {"Off", int64(command.Off)}}
)

// enums are the types whose values have names.
var enums = map[reflect.Type][]word{
	reflect.TypeFor[command.Isolation](): {{"Pool", int64(command.Pool)}, {"Semaphore", int64(command.Semaphore)}},
	reflect.TypeFor[command.Switch]():    switches,
	reflect.TypeFor[breaker.Mode](): {
		{"Auto", int64(breaker.Auto)}, {"ForcedOpen", int64(breaker.ForcedOpen)},
		{"ForcedClosed", int64(breaker.ForcedClosed)}, {"Disabled", int64(breaker.Disabled)},
	},
}

// words are what single fields can be besides what their types can.
var words = map[reflect.Type]map[string][]word{
	reflect.TypeFor[command.Settings](): {
		"Timeout":           {{"off", off}},
		"Semaphore":         {unlimited, none},
		"FallbackSemaphore": {unlimited, none},
		"RequestCache":      {{"WhenScoped", int64(command.WhenScoped)}},
	},
	reflect.TypeFor[isolation.PoolConfig](): {
		"Queue":    {{"None", -1}}, // not isolation.None
		"RejectAt": {unlimited},
	},
	reflect.TypeFor[command.CollapserSettings](): {
		"MaxRequests":  {unlimited},
		"RequestCache": {{"WhenScoped", int64(command.WhenScoped)}},
	},
}

// leafOf returns what a field of struct t may be.
func leafOf(t reflect.Type, f reflect.StructField) leaf {
	named := enums[f.Type]
	return leaf{
		numbers:   named == nil && f.Type.Kind() == reflect.Int,
		durations: f.Type == reflect.TypeFor[time.Duration](),
		words:     append(slices.Clip(named), words[t][f.Name]...),
	}
}

// read returns the integer that x stands for, if it is one that may be. That is
// never 0, which would mean "not set". The greatest number is command's affair.
func (l leaf) read(x reflect.Value, text bool) (int64, bool) {
	if !x.IsValid() {
		return 0, false
	}
	isText := x.Kind() == reflect.String && x.Type() != reflect.TypeFor[json.Number]()
	if isText {
		for _, w := range l.words {
			if w.text == x.String() {
				return w.value, true
			}
		}
	}
	switch {
	case l.durations && isText:
		d, err := time.ParseDuration(x.String())
		return int64(d), err == nil && d > 0
	case l.durations && x.Type() == reflect.TypeFor[time.Duration]():
		return x.Int(), x.Int() > 0
	case l.numbers:
		n, ok := whole(x, text)
		return n, ok && n > 0 && n <= math.MaxInt
	}
	return 0, false
}

// write returns n as JSON, if it can be said.
func (l leaf) write(n int64) (string, bool) {
	for _, w := range l.words {
		if w.value == n || w.value == off && l.durations && n < 0 {
			return strconv.Quote(w.text), true
		}
	}
	switch {
	case l.durations && n > 0:
		return strconv.Quote(time.Duration(n).String()), true
	case l.numbers && n > 0:
		return strconv.FormatInt(n, 10), true
	}
	return "", false
}

// String says what would be right.
func (l leaf) String() string {
	var all []string
	switch {
	case l.numbers:
		all = append(all, "1 or more")
	case l.durations:
		all = append(all, `a duration of more than 0 such as "250ms"`)
	}
	for _, w := range l.words {
		all = append(all, strconv.Quote(w.text))
	}
	if len(all) < 2 {
		return strings.Join(all, "")
	}
	return fmt.Sprintf("%s or %s", strings.Join(all[:len(all)-1], ", "), all[len(all)-1])
}
