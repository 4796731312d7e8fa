package observable_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// A traceCase is one recorded run of RxJava under virtual time: what was done
// and what was seen. All times are milliseconds.
type traceCase struct {
	Name        string            `json:"name"` // group/label/variant
	Op          string            `json:"op"`
	Args        args              `json:"args"`
	Sources     []traceSourceSpec `json:"sources"`
	Pre         []traceStage      `json:"pre"`
	Then        []traceStage      `json:"then"`
	Subscribers []traceSubscriber `json:"subscribers"` // nil: one at 0
	Controls    []traceEvent      `json:"controls"`
	Script      []traceEvent      `json:"script"` // of a subject; in place of subscribers and controls
	End         *int              `json:"end"`
	Log         bool              `json:"log"`
	Expect      traceRecord       `json:"expect"`
	TieBreaks   bool              `json:"tieSensitive"`
	ExpectFifo  *traceRecord      `json:"expectFifo"` // what a plain virtual scheduler gives
}

// A traceStage is one operator of the chain.
type traceStage struct {
	Op   string `json:"op"`
	Args args   `json:"args"`
}

// A traceSourceSpec says what a test source does: Events on each subscription,
// or Runs[k] on the k-th one, the last one for those that follow.
type traceSourceSpec struct {
	Kind   string         `json:"kind"` // cold, hot, sync
	Events []traceEvent   `json:"events"`
	Runs   [][]traceEvent `json:"runs"`
}

// A traceSubscriber says what an observer does.
type traceSubscriber struct {
	At                 int    `json:"at"`
	UnsubscribeAt      *int   `json:"unsubscribeAt"`
	DisposeOnNext      *int   `json:"disposeOnNext"` // inside the n-th OnNext; 0: inside OnSubscribe
	Inner              string `json:"inner"`         // "none": windows and groups are not subscribed to
	AlsoInner          bool   `json:"alsoInner"`     // unsubscribing disposes them too
	DisposeInnerOnNext *int   `json:"disposeInnerOnNext"`
}

// A traceRecord is what was seen in a run.
type traceRecord struct {
	Subscribers   [][]traceEvent `json:"subscribers"`
	Windows       [][]traceEvent `json:"windows"` // of each source: when, until when, how it ended
	Throws        []string       `json:"throws"`  // class and message
	Undeliverable []traceEvent   `json:"undeliverable"`
	Log           []traceEvent   `json:"log"`
	Probes        []traceEvent   `json:"probes"`
	StepThrows    []traceEvent   `json:"stepThrows"`
}

// A traceEvent is a time, mostly, and what happened then.
type traceEvent []any

func (e traceEvent) at() int { return e[0].(int) }

// what is the kind of a source's event, or of a script's step.
func (e traceEvent) what() string { return e[1].(string) }

// value is what comes with the event, or nil.
func (e traceEvent) value() any {
	if len(e) < 3 {
		return nil
	}
	return e[2]
}

// UnmarshalJSON implements [json.Unmarshaler]: numbers are ints.
func (e *traceEvent) UnmarshalJSON(text []byte) error {
	var all []any
	err := unmarshalInts(text, &all)
	*e = all
	return err
}

// UnmarshalJSON implements [json.Unmarshaler]: numbers are ints.
func (a *args) UnmarshalJSON(text []byte) error {
	return unmarshalInts(text, &a.all)
}

func unmarshalInts[T []any | map[string]any](text []byte, into *T) error {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	if err := d.Decode(into); err != nil {
		return err
	}
	v, err := withInts(any(*into))
	if v != nil {
		*into = v.(T)
	}
	return err
}

// withInts replaces the numbers inside v.
func withInts(v any) (any, error) {
	var err error
	switch v := v.(type) {
	case json.Number:
		n, err := v.Int64()
		return int(n), err
	case []any:
		for i := range v {
			if v[i], err = withInts(v[i]); err != nil {
				return nil, err
			}
		}
	case map[string]any:
		for k := range v {
			if v[k], err = withInts(v[k]); err != nil {
				return nil, err
			}
		}
	}
	return v, nil
}

// stages returns the whole chain below sources[0].
func (c *traceCase) stages() []traceStage {
	all := append([]traceStage{}, c.Pre...)
	return append(append(all, traceStage{c.Op, c.Args}), c.Then...)
}

// want is what a run in quill has to give: its virtual scheduler is a plain
// one.
func (c *traceCase) want() traceRecord {
	if c.ExpectFifo != nil {
		return *c.ExpectFifo
	}
	return c.Expect
}

// loadTraces reads every file of a directory of recordings.
func loadTraces(t testing.TB, dir string) (all []*traceCase) {
	files, err := filepath.Glob(filepath.Join(dir, "*.json"))
	require.NoError(t, err)
	if len(files) == 0 && !filepath.IsAbs(dir) { // as seen from where go test was typed
		files, err = filepath.Glob(filepath.Join("..", dir, "*.json"))
		require.NoError(t, err)
	}
	require.NotEmpty(t, files, "no recordings in %s", dir)
	for _, file := range files {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		var recordings struct {
			Format int          `json:"format"`
			Cases  []*traceCase `json:"cases"`
		}
		d := json.NewDecoder(bytes.NewReader(text))
		require.NoError(t, d.Decode(&recordings), file)
		require.Equal(t, 1, recordings.Format, "the format of %s", file)
		for _, c := range recordings.Cases {
			require.NotEmpty(t, c.Op, fmt.Sprintf("%q in %s", c.Name, file))
		}
		all = append(all, recordings.Cases...)
	}
	return all
}
