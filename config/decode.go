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
	"unicode"
	"unicode/utf8"
)

// decoder fills a Config from a tree of maps and scalars. It goes on after an
// error, so as to find them all.
type decoder struct {
	text bool // a number may be a string of digits
	errs []error
}

func (d *decoder) wrong(path, format string, args ...any) {
	if path == "" {
		path = "the configuration"
	}
	d.errs = append(d.errs, fmt.Errorf("config: %s %s", path, fmt.Sprintf(format, args...)))
}

// decode sets v, which is at path, to what x says. of is what v's values may be,
// for one that is neither a struct nor a map.
func (d *decoder) decode(path string, v reflect.Value, of leaf, x reflect.Value) {
	for x.IsValid() && (x.Kind() == reflect.Interface || x.Kind() == reflect.Pointer) {
		x = x.Elem()
	}
	switch v.Kind() {
	case reflect.Struct:
		d.entries(path, x, func(key string, x reflect.Value) {
			f, ok := fieldOf(v.Type(), key)
			if !ok {
				d.unknown(join(path, key), key, keysOf(v.Type()))
				return
			}
			d.decode(join(path, key), v.FieldByIndex(f.Index), leafOf(v.Type(), f), x)
		})
	case reflect.Map:
		all := reflect.MakeMap(v.Type())
		d.entries(path, x, func(key string, x reflect.Value) {
			one := reflect.New(v.Type().Elem()).Elem()
			d.decode(join(path, key), one, leaf{}, x)
			all.SetMapIndex(reflect.ValueOf(key), one)
		})
		v.Set(all)
	default:
		n, ok := of.read(x, d.text)
		if !ok {
			d.wrong(path, "is %s, want %s", show(x), of)
			return
		}
		set(v, n)
	}
}

// entries calls each for the entries of a map, in the order of their keys.
func (d *decoder) entries(path string, x reflect.Value, each func(key string, x reflect.Value)) {
	if !x.IsValid() || x.Kind() != reflect.Map {
		d.wrong(path, "is %s, want an object", show(x))
		return
	}
	byKey := map[string]reflect.Value{}
	for i := x.MapRange(); i.Next(); {
		k := i.Key()
		if k.Kind() == reflect.Interface {
			k = k.Elem()
		}
		if k.Kind() != reflect.String {
			d.wrong(path, "has the key %v, want strings as keys", i.Key())
			continue
		}
		byKey[k.String()] = i.Value()
	}
	keys := make([]string, 0, len(byKey))
	for key := range byKey {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	for _, key := range keys {
		each(key, byKey[key])
	}
}

func (d *decoder) unknown(path, key string, known []string) {
	if like, ok := nearest(key, known); ok {
		d.wrong(path, "is not known, perhaps %s is meant; want one of %s", like, strings.Join(known, ", "))
		return
	}
	d.wrong(path, "is not known, want one of %s", strings.Join(known, ", "))
}

// keyOf is the key of a field.
func keyOf(f reflect.StructField) string {
	first, size := utf8.DecodeRuneInString(f.Name)
	return string(unicode.ToLower(first)) + f.Name[size:]
}

func keysOf(t reflect.Type) (keys []string) {
	for _, f := range reflect.VisibleFields(t) {
		keys = append(keys, keyOf(f))
	}
	return keys
}

func fieldOf(t reflect.Type, key string) (reflect.StructField, bool) {
	for _, f := range reflect.VisibleFields(t) {
		if keyOf(f) == key {
			return f, true
		}
	}
	return reflect.StructField{}, false
}

// join is the path of what stands under key in what is at path.
func join(path, key string) string {
	plain := key != "" && !strings.ContainsFunc(key, func(r rune) bool {
		return r != '_' && r != '-' && !unicode.IsLetter(r) && !unicode.IsDigit(r)
	})
	switch {
	case !plain:
		return path + "[" + strconv.Quote(key) + "]"
	case path == "":
		return key
	}
	return path + "." + key
}

// show is a value for an error.
func show(x reflect.Value) string {
	switch {
	case !x.IsValid():
		return "null"
	case x.Kind() == reflect.Map:
		return "an object"
	case x.Kind() == reflect.Slice || x.Kind() == reflect.Array:
		return "a list"
	case x.Type() == reflect.TypeFor[json.Number]() || x.Kind() != reflect.String:
		return fmt.Sprint(x.Interface())
	}
	return strconv.Quote(x.String())
}

// set gives v, which is of some kind of integer, the value n.
func set(v reflect.Value, n int64) {
	if v.CanUint() {
		v.SetUint(uint64(n))
		return
	}
	v.SetInt(n)
}

func get(v reflect.Value) int64 {
	if v.CanUint() {
		return int64(v.Uint())
	}
	return v.Int()
}

// whole returns x if it is a number without a fraction.
func whole(x reflect.Value, text bool) (int64, bool) {
	switch {
	case x.Type() == reflect.TypeFor[json.Number]() || text && x.Kind() == reflect.String:
		n, err := strconv.ParseInt(x.String(), 10, 64)
		return n, err == nil
	case x.Type() == reflect.TypeFor[time.Duration]():
		return 0, false
	case x.CanInt():
		return x.Int(), true
	case x.CanUint():
		return int64(x.Uint()), x.Uint() <= math.MaxInt64
	case x.CanFloat():
		n := int64(x.Float())
		return n, float64(n) == x.Float() && math.Abs(x.Float()) < 1<<53
	}
	return 0, false
}

// nearest returns the one of known that is most like key, if one is.
func nearest(key string, known []string) (string, bool) {
	best, least := "", 3
	for _, k := range known {
		d := distance(strings.ToLower(key), strings.ToLower(k))
		if d < least && d < len(k) {
			best, least = k, d
		}
	}
	return best, best != ""
}

// distance is how many letters have to change to make b of a.
func distance(a, b string) int {
	if len(a) > 2*len(b)+3 {
		return len(a) // not worth the work
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		corner := row[0]
		row[0] = i + 1
		for j := range len(b) {
			change := corner
			if a[i] != b[j] {
				change++
			}
			corner = row[j+1]
			row[j+1] = min(change, corner+1, row[j]+1)
		}
	}
	return row[len(b)]
}
