package observable_test

import (
	"encoding/json"
	"log/slog"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/quillgo/quill/observable"
)

// What the runner must see is played through it: cases that are wrong, and
// operators that misbehave.

// judged plays one case with one operator replaced.
func judged(t *testing.T, recording, op string, b builder) verdict {
	t.Helper()
	logger := slog.Default()
	defer slog.SetDefault(logger)
	var c traceCase
	require.NoError(t, json.Unmarshal([]byte(recording), &c))
	table := maps.Clone(builders())
	if b != nil {
		table[op] = b
	}
	return judge(loadDeviations(t), table, &c, patience, nil)
}

const recordedMap = `{"name": "a/b/c", "op": "map", "args": {"fn": "times10"}, "log": true,
	"sources": [{"kind": "cold", "events": [[10, "next", 1], [20, "next", 2], [30, "error", "bang"]]}],
	"expect": {
		"subscribers": [[[10, "next", 10], [20, "next", 20], [30, "error", "bang"]]],
		"windows": [[[0, 30, "error"]]],
		"log": [[0, "source0.subscribe"], [0, "observer0.onSubscribe"],
			[10, "observer0.onNext(10)"], [20, "observer0.onNext(20)"], [30, "observer0.onError(bang)"]]}}`

func TestTraceRunner_AcceptsWhatWasRecorded(t *testing.T) {
	assert.Equal(t, verdict{}, judged(t, recordedMap, "", nil))
}

func TestTraceRunner_SeesWhatIsWrong(t *testing.T) {
	times10 := func(up erased) erased { return observable.Map(up, func(v any) any { return v.(int) * 10 }) }
	for name, b := range map[string]struct {
		build builder
		want  string
	}{
		"another value": {func(_ *player, up erased, _ args) erased { return up }, "subscribers"},
		"another time": {func(p *player, up erased, _ args) erased {
			return observable.Delay(times10(up), time.Millisecond, p.on)
		}, "subscribers"},
		"no end": {func(_ *player, up erased, _ args) erased {
			return observable.Merge(times10(up.Take(2)), observable.Never[any]())
		}, "subscribers"},
		"another end": {func(_ *player, up erased, _ args) erased {
			return times10(up).OnErrorReturn(func(error) any { return 0 })
		}, "subscribers"},
		"left open": {func(_ *player, up erased, _ args) erased {
			return observable.Merge(times10(up), up.Filter(func(any) bool { return false }))
		}, "windows"},
		"another order": {func(p *player, up erased, _ args) erased { return times10(up).DoOnNext(func(v any) { p.log("here") }) }, "log"},
		"a report": {func(p *player, up erased, _ args) erased {
			return times10(up).DoAfterTerminate(func() { throw("late") })
		}, "undeliverable"},
		"refuses":          {func(p *player, up erased, _ args) erased { return times10(up).Take(-1) }, "throws"},
		"no such function": {func(p *player, up erased, _ args) erased { return observable.Map(up, p.fn("times11")) }, "panic in assembly"},
		"a task panics": {func(p *player, up erased, _ args) erased {
			return times10(up).DoOnSubscribe(func(observable.Disposable) {
				_, _ = p.on.Worker().After(time.Millisecond, func() { panic("here") })
			})
		}, "panicked"},
		"runs in circles": {func(p *player, up erased, _ args) erased {
			return times10(up).Retry(3).OnErrorResumeNext(func(error) erased {
				return observable.Error[any](errBoom).DoOnError(func(error) { p.step() }).Retry(2 * maxSteps)
			})
		}, "circles"},
	} {
		t.Run(name, func(t *testing.T) {
			v := judged(t, recordedMap, "map", b.build)
			assert.Empty(t, v.rules)
			assert.Contains(t, strings.Join(v.diffs, "\n"), b.want)
		})
	}
}

func TestTraceRunner_MissesAnOperator(t *testing.T) {
	v := judged(t, strings.Replace(recordedMap, `"op": "map"`, `"op": "pam"`, 1), "", nil)
	assert.Equal(t, verdict{unbuilt: "pam"}, v)
}

func TestTraceRunner_GivesUpACaseThatHangs(t *testing.T) {
	release, gone := make(chan struct{}), make(chan struct{})
	var c traceCase
	require.NoError(t, json.Unmarshal([]byte(recordedMap), &c))
	logger := slog.Default()
	defer slog.SetDefault(logger)
	v := judge(nil, map[string]builder{"map": func(*player, erased, args) erased {
		<-release
		close(gone)
		return erased{}
	}}, &c, time.Millisecond, nil)
	assert.Equal(t, verdict{diffs: []string{"it hangs"}}, v)
	close(release)
	<-gone
}

func TestTraceRunner_SoonerIsFineLaterIsNot(t *testing.T) {
	two := func(up erased) erased { return observable.Map(up.Take(2), func(v any) any { return v.(int) * 10 }) }
	recording := strings.NewReplacer(`[30, "error", "bang"]`, `[30, "complete"]`, `[0, 30, "error"]`, `[0, 30, "complete"]`,
		`, [30, "observer0.onError(bang)"]`, ``, `"log": true,`, ``).Replace(recordedMap)
	open := strings.Replace(recording, `[20, "next", 20], [30, "complete"]]]`, `[20, "next", 20], [20, "complete"]]]`, 1)
	v := judged(t, open, "map", func(_ *player, up erased, _ args) erased { return two(up) })
	assert.Equal(t, verdict{rules: []string{sooner.Name}}, v, "disposed at 20, recorded as completed at 30")
	early := strings.Replace(open, `[0, 30, "complete"]`, `[0, 15, "dispose"]`, 1)
	v = judged(t, early, "map", func(_ *player, up erased, _ args) erased { return two(up) })
	assert.Contains(t, strings.Join(v.diffs, "\n"), "windows", "disposed at 20, recorded at 15")
}

func TestTraceRunner_KnowsWhatHasNoMeaning(t *testing.T) {
	c := &traceCase{Op: "map", Args: args{all: map[string]any{"fn": "nullOn3"}}}
	assert.NotEmpty(t, meaningless(c))
	c.Args.all["fn"] = "times10"
	assert.Empty(t, meaningless(c))
	c.Script = []traceEvent{{0, "nextNull"}}
	assert.NotEmpty(t, meaningless(c))
	assert.NotEmpty(t, meaningless(&traceCase{Op: "flow.observeOn"}))
}
