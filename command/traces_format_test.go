package command_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
)

// A scenario is one recorded run of Hystrix: what was done and what was seen.
type scenario struct {
	Name     string                `json:"name"`
	Tags     []string              `json:"tags"`
	Commands map[string]config     `json:"commands"`
	Pools    map[string]poolConfig `json:"pools"`
	Steps    []step                `json:"steps"`
	Expect   *record               `json:"expect"`

	Collapsers map[string]collapserConfig `json:"collapsers"` // instead of Commands

	substituted bool // its calls go to another entry point than was recorded
}

// config is a command's; a nil field is not set. Interruption has no settings in
// quill (rule 12).
type config struct {
	Isolation           *string        `json:"isolation"`
	TimeoutEnabled      *bool          `json:"timeoutEnabled"`
	TimeoutMs           *int           `json:"timeoutMs"`
	InterruptOnTimeout  *bool          `json:"interruptOnTimeout"`
	InterruptOnCancel   *bool          `json:"interruptOnCancel"`
	ExecutionSemaphore  *int           `json:"executionSemaphoreMax"`
	FallbackSemaphore   *int           `json:"fallbackSemaphoreMax"`
	FallbackEnabled     *bool          `json:"fallbackEnabled"`
	WindowMs            *int           `json:"windowMs"`
	WindowBuckets       *int           `json:"windowBuckets"`
	HealthIntervalMs    *int           `json:"healthIntervalMs"`
	RequestCacheEnabled *bool          `json:"requestCacheEnabled"`
	RequestLogEnabled   *bool          `json:"requestLogEnabled"`
	Group               string         `json:"group"`
	PoolKey             string         `json:"poolKey"`
	Breaker             *breakerConfig `json:"breaker"`
}

type breakerConfig struct {
	Enabled       *bool `json:"enabled"`
	RequestVolume *int  `json:"requestVolumeThreshold"`
	ErrorPercent  *int  `json:"errorThresholdPercentage"`
	SleepWindowMs *int  `json:"sleepWindowMs"`
	ForceOpen     *bool `json:"forceOpen"`
	ForceClosed   *bool `json:"forceClosed"`
}

type poolConfig struct {
	CoreSize     *int `json:"coreSize"`
	MaximumSize  *int `json:"maximumSize"`
	MaxQueueSize *int `json:"maxQueueSize"`
	RejectAt     *int `json:"queueSizeRejectionThreshold"`
}

// body is a command instance: what its run and its fallback do.
type body struct {
	Key        string  `json:"key"`
	Kind       string  `json:"kind"`
	Run        script  `json:"run"`
	Fallback   script  `json:"fallback"` // nil: none is defined
	CacheKey   *string `json:"cacheKey"`
	RunOn      string  `json:"runOn"`
	FallbackOn string  `json:"fallbackOn"`
}

func (b *body) multi() bool { return b.Kind == "multi" }

type script []action

// action is one thing that a script does: exactly one field but OnInterrupt,
// Cause and NotWrappedCause is set.
type action struct {
	Emit            json.RawMessage `json:"emit"` // null is a value
	Fail            *string         `json:"fail"`
	BadRequest      *string         `json:"badRequest"`
	Cause           *string         `json:"cause"`
	NotWrappedCause *string         `json:"notWrappedCause"`
	NotWrapped      *string         `json:"notWrapped"`
	Panic           *string         `json:"panic"`
	Throw           *string         `json:"throw"`
	Wait            *string         `json:"wait"`
	OnInterrupt     string          `json:"onInterrupt"`
	Sleep           *int            `json:"sleep"`
	Open            *string         `json:"open"`
	Never           bool            `json:"never"`
	Complete        bool            `json:"complete"`
}

// step is one operation of the driver.
type step struct {
	at string // its index in the recording; "" for a step that was inserted

	Op            string   `json:"op"`
	As            string   `json:"as"`
	Handle        string   `json:"handle"`
	Name          *string  `json:"name"`
	Cmd           *body    `json:"cmd"`
	API           string   `json:"api"`
	Async         bool     `json:"async"`
	Subscribe     *bool    `json:"subscribe"`
	Interrupt     bool     `json:"interrupt"` // a cancelled body is always told (rule 12)
	Ms            *int     `json:"ms"`
	ExpectPending bool     `json:"expectPending"`
	What          string   `json:"what"`
	Event         string   `json:"event"`
	Count         int      `json:"count"`
	Key           string   `json:"key"`
	Field         string   `json:"field"`
	Equals        any      `json:"equals"`
	Gate          string   `json:"gate"`
	CacheKey      *string  `json:"cacheKey"`
	Property      string   `json:"property"`
	Value         any      `json:"value"`
	Fields        []string `json:"fields"`
	Collapser     string   `json:"collapser"`
	Arg           any      `json:"arg"`
}

// calls reports whether the step makes an instance and calls one of the four
// entry points.
func (s *step) calls() bool {
	return s.Op == "execute" || s.Op == "queue" || s.Op == "observe" || s.Op == "toObservable"
}

func (s *step) subscribes() bool { return s.Subscribe == nil || *s.Subscribe }

// record is what is seen in a run: the expectation of a scenario, and what came
// out of quill, in the same shape.
type record struct {
	Steps    map[string]map[string]any `json:"steps"` // by index
	Handles  map[string]*handleRecord  `json:"handles"`
	Commands map[string]*commandRecord `json:"commands"`
	Contexts map[string]string         `json:"contexts"`

	// Of collapser scenarios.
	Batches         []batchRecord `json:"batches"`
	MapperCalls     int           `json:"mapperCalls"`
	CommandsCreated int           `json:"commandsCreated"`

	bodies map[string]int // of quill's: how many bodies ran at a state step
}

type handleRecord struct {
	Values   []any           `json:"values"`
	Terminal *terminalRecord `json:"terminal"` // nil: none was seen

	// What follows belongs to the handle that created the instance, and Events
	// is nil for any other.
	Events               []string     `json:"events"`
	Emissions            int          `json:"emissions"`
	FallbackEmissions    int          `json:"fallbackEmissions"`
	Flags                []string     `json:"flags"`
	FailedExecutionError *errorRecord `json:"failedExecutionError"`
	ExecutionError       *errorRecord `json:"executionError"`
	Runs                 int          `json:"runs"`
	FallbackRuns         int          `json:"fallbackRuns"`
	RunContext           string       `json:"runContext"`
	FallbackContext      string       `json:"fallbackContext"`
	Hooks                []string     `json:"hooks"`
}

type terminalRecord struct {
	Complete bool         `json:"complete"`
	Error    *errorRecord `json:"error"`
}

type errorRecord struct {
	Category      string       `json:"category"`
	FailureType   string       `json:"failureType"`
	Message       string       `json:"message"`
	Cause         *errorRecord `json:"cause"`
	FallbackError *errorRecord `json:"fallbackError"`
}

type commandRecord struct {
	Runs            int            `json:"runs"`
	FallbackRuns    int            `json:"fallbackRuns"`
	ExecPermits     int            `json:"execPermits"`
	FallbackPermits int            `json:"fallbackPermits"`
	Concurrent      int            `json:"concurrent"`
	Notified        map[string]int `json:"notified"`
}

// loadTraces reads every file of a directory of recordings, each an array of
// scenarios.
func loadTraces(t testing.TB, dir string) (all []json.RawMessage) {
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
		var scenarios []json.RawMessage
		require.NoError(t, json.Unmarshal(text, &scenarios), file)
		all = append(all, scenarios...)
	}
	return all
}

// parseScenario returns a fresh copy of a scenario, which may be changed. A
// field that the format does not describe is an error where it says what to do,
// since ignoring it would play something else.
func parseScenario(text json.RawMessage) (*scenario, error) {
	var s scenario
	if err := decode(text, &s); err != nil {
		return nil, err
	}
	if s.Name == "" || s.Expect == nil || (s.Commands == nil) == (s.Collapsers == nil) {
		return nil, fmt.Errorf("%q is not a recording of commands or collapsers: it wants name, commands or collapsers, and expect", s.Name)
	}
	var strict struct {
		Commands   map[string]config          `json:"commands"`
		Pools      map[string]poolConfig      `json:"pools"`
		Steps      []step                     `json:"steps"`
		Collapsers map[string]collapserConfig `json:"collapsers"`
	}
	var parts map[string]json.RawMessage
	if err := json.Unmarshal(text, &parts); err != nil {
		return nil, err
	}
	for name, into := range map[string]any{
		"commands": &strict.Commands, "pools": &strict.Pools, "steps": &strict.Steps, "collapsers": &strict.Collapsers,
	} {
		if part, ok := parts[name]; ok {
			if err := decodeStrictly(part, into); err != nil {
				return nil, fmt.Errorf("%s of %q: %w", name, s.Name, err)
			}
		}
	}
	for i := range s.Steps {
		s.Steps[i].at = strconv.Itoa(i)
	}
	return &s, nil
}

// decode unmarshals with numbers kept as they are written.
func decode(text []byte, into any) error {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	return d.Decode(into)
}

// decodeStrictly unmarshals what has no unknown field.
func decodeStrictly(text []byte, into any) error {
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	return d.Decode(into)
}
