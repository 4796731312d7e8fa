package config

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/quillgo/quill/command"
)

// Unused is a property of Hystrix's that nothing in a Config stands for.
type Unused struct {
	Name   string // as it was given: "hystrix.threadpool.Users.keepAliveTimeMinutes"
	Value  string
	Reason string // why, and what there is instead
}

// String is for logs.
func (u Unused) String() string { return fmt.Sprintf("%s = %s: %s", u.Name, u.Value, u.Reason) }

// Properties returns what Hystrix's own properties say, by the names that it has
// for them (hystrix.command.GetUser.execution.timeout.enabled and so on), so that a
// service that migrates can keep its file. docs/hystrix.md has them all. Names that
// do not begin with "hystrix." are somebody else's and are ignored.
//
// Where quill has one field for several properties, such as Breaker, the
// field is made of what Hystrix would find for that name: the values for the name,
// else those of the default, else its own.
//
// What has no counterpart does not get lost: unused tells each such property and
// why, in the order of their names, for a log. A name that Hystrix does not have
// either, and a value that cannot be, are errors: all that were found, one line
// each; then there is neither a Config nor an unused.
func Properties(properties map[string]string) (c command.Config, unused []Unused, err error) {
	s := sheet{groups: map[string]map[string]*entry{}}
	for _, name := range slices.Sorted(maps.Keys(properties)) {
		s.add(name, properties[name])
	}
	c = s.config()
	if len(s.errs) == 0 {
		if err := c.Validate(); err != nil {
			s.errs = append(s.errs, fmt.Errorf("config: %w", err))
		}
	}
	if len(s.errs) > 0 {
		return command.Config{}, nil, errors.Join(s.errs...)
	}
	return c, s.unused(), nil
}

// The kinds of things that have properties, as they stand in a name.
const (
	commandKind   = "command"
	poolKind      = "threadpool"
	collapserKind = "collapser"
	defaultKey    = "default"
)

// property is one of Hystrix's.
type property struct {
	kind string // commandKind and so on; "" for one that stands alone
	name string // what follows "hystrix.KIND.KEY.", or the whole
	// field is the field of Settings, PoolConfig or CollapserSettings that it goes
	// into; "" if there is none.
	field string
	// why says why there is no field, or when a value goes nowhere.
	why string
}

// entry is a property that was given.
type entry struct {
	*property
	full, value string
	used        bool
}

// sheet are the properties that were given, by "KIND.KEY" and by name.
type sheet struct {
	groups map[string]map[string]*entry
	alone  []*entry
	errs   []error
}

func (s *sheet) wrong(e *entry, want string) {
	e.used = true
	s.errs = append(s.errs, fmt.Errorf("config: %s is %q, want %s", e.full, e.value, want))
}

// add sorts a property in.
func (s *sheet) add(full, value string) {
	rest, ok := strings.CutPrefix(full, "hystrix.")
	if !ok {
		return
	}
	value = strings.TrimSpace(value)
	for i := range properties {
		p := &properties[i]
		if p.kind == "" && p.matches(full) {
			s.alone = append(s.alone, &entry{property: p, full: full, value: value})
			return
		}
	}
	kind, rest, _ := strings.Cut(rest, ".")
	var known []string
	for i := range properties {
		p := &properties[i]
		if p.kind != kind || kind == "" {
			continue
		}
		known = append(known, p.name)
		// Keys may have dots; no property ends with a dot and another one.
		if key, ok := strings.CutSuffix(rest, "."+p.name); ok && key != "" {
			group := kind + "." + key
			if s.groups[group] == nil {
				s.groups[group] = map[string]*entry{}
			}
			s.groups[group][p.name] = &entry{property: p, full: full, value: value}
			return
		}
	}
	s.unknown(full, rest, known)
}

// matches reports whether a property that stands alone is the one of that name;
// "*" in it stands for anything without dots.
func (p *property) matches(full string) bool {
	before, after, wild := strings.Cut(p.name, "*")
	if !wild {
		return full == p.name
	}
	middle, ok := strings.CutPrefix(full, before)
	if !ok {
		return false
	}
	middle, ok = strings.CutSuffix(middle, after)
	return ok && middle != "" && !strings.Contains(middle, ".")
}

func (s *sheet) unknown(full, rest string, known []string) {
	if len(known) == 0 {
		s.errs = append(s.errs, fmt.Errorf("config: %s is no property of Hystrix's, want hystrix.command, hystrix.threadpool or hystrix.collapser, a key and a property", full))
		return
	}
	for from := 0; ; { // the key may be anything: what could follow it?
		dot := strings.IndexByte(rest[from:], '.')
		if dot < 0 {
			break
		}
		from += dot + 1
		if like, ok := nearest(rest[from:], known); ok {
			s.errs = append(s.errs, fmt.Errorf("config: %s is no property of Hystrix's, perhaps %s is meant", full, like))
			return
		}
	}
	s.errs = append(s.errs, fmt.Errorf("config: %s is no property of Hystrix's, want a key and one of %s", full, strings.Join(known, ", ")))
}

// unused are the properties that went nowhere.
func (s *sheet) unused() (all []Unused) {
	rest := slices.Clone(s.alone)
	for _, g := range s.groups {
		for _, e := range g {
			rest = append(rest, e)
		}
	}
	for _, e := range rest {
		if !e.used {
			all = append(all, Unused{e.full, e.value, e.why})
		}
	}
	slices.SortFunc(all, func(a, b Unused) int { return cmp.Compare(a.Name, b.Name) })
	return all
}

// keys are the names that a kind has properties for, without the default.
func (s *sheet) keys(kind string) (keys []string) {
	for _, group := range slices.Sorted(maps.Keys(s.groups)) {
		if key, ok := strings.CutPrefix(group, kind+"."); ok && key != defaultKey {
			keys = append(keys, key)
		}
	}
	return keys
}

// layer is what the properties say of one name, with or without the default's.
type layer struct {
	*sheet
	own, below map[string]*entry
}

func (s *sheet) layer(kind, key string) layer {
	l := layer{sheet: s, own: s.groups[kind+"."+key]}
	if key != defaultKey {
		l.below = s.groups[kind+"."+defaultKey]
	}
	return l
}

// set reports whether one of these stands there for this name itself.
func (l layer) set(names ...string) bool {
	for _, name := range names {
		if l.own[name] != nil {
			return true
		}
	}
	return false
}

// effective returns the value for the name, else that of the default.
func (l layer) effective(name string) *entry {
	if e := l.own[name]; e != nil {
		return e
	}
	return l.below[name]
}

// number reads a whole number of at least least; otherwise there is an error, and
// it is other, as it is if there is none.
func (l layer) number(e *entry, least, other int) int {
	if e == nil {
		return other
	}
	n, err := strconv.Atoi(e.value)
	if err != nil || n < least || n > 1<<31-1 { // Hystrix's are 32 bits wide
		l.wrong(e, fmt.Sprintf("a whole number from %d to %d", least, 1<<31-1))
		return other
	}
	e.used = true
	return n
}

func (l layer) millis(e *entry) time.Duration {
	return time.Duration(l.number(e, 1, 0)) * time.Millisecond
}

func (l layer) flag(e *entry, other bool) bool {
	if e == nil {
		return other
	}
	e.used = true
	switch strings.ToLower(e.value) {
	case "true":
		return true
	case "false":
		return false
	}
	l.wrong(e, "true or false")
	return other
}

func (l layer) onOff(e *entry) command.Switch {
	switch {
	case e == nil:
		return command.Unset
	case l.flag(e, false):
		return command.On
	}
	return command.Off
}
