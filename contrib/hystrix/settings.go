package hystrix

import (
	"math"
	"time"

	"github.com/quillgo/quill/breaker"
	"github.com/quillgo/quill/command"
	"github.com/quillgo/quill/isolation"
)

// The settings of names that say nothing else. They are read when a name is
// configured or first used, so set them before.
var (
	// DefaultTimeout is how long run may take, in milliseconds.
	DefaultTimeout = 1000
	// DefaultMaxConcurrent is how many runs of a circuit there may be at a time.
	DefaultMaxConcurrent = 10
	// DefaultVolumeThreshold is how many results in ten seconds it takes to judge.
	DefaultVolumeThreshold = 20
	// DefaultSleepWindow is how long an open circuit waits before it lets a call try,
	// in milliseconds.
	DefaultSleepWindow = 5000
	// DefaultErrorPercentThreshold is the share of errors at which a circuit opens.
	DefaultErrorPercentThreshold = 50
	// DefaultLogger is the logger before SetLogger: it prints nothing.
	DefaultLogger = NoopLogger{}
)

// Settings are the settings in force for a name.
type Settings struct {
	Timeout                time.Duration
	MaxConcurrentRequests  int
	RequestVolumeThreshold uint64
	SleepWindow            time.Duration
	ErrorPercentThreshold  int
}

// CommandConfig is what a name is configured with. Timeout and SleepWindow are in
// milliseconds; 0 means the default.
type CommandConfig struct {
	Timeout                int `json:"timeout"`
	MaxConcurrentRequests  int `json:"max_concurrent_requests"`
	RequestVolumeThreshold int `json:"request_volume_threshold"`
	SleepWindow            int `json:"sleep_window"`
	ErrorPercentThreshold  int `json:"error_percent_threshold"`
}

// Configure is [ConfigureCommand] for each name.
func Configure(cmds map[string]CommandConfig) {
	for name, config := range cmds {
		ConfigureCommand(name, config)
	}
}

// ConfigureCommand replaces the settings of a name, as a whole and at once: calls
// that are on finish with what they have. Numbers that cannot be become the nearest
// that can: a Timeout below 0 is over at once, fewer than one place is one, an
// ErrorPercentThreshold above 100 never opens.
func ConfigureCommand(name string, config CommandConfig) {
	shared.mu.Lock()
	defer shared.mu.Unlock()
	s := shared.configure(name, config)
	if _, ok := shared.find(name); ok {
		shared.here().apply(name, s)
	}
}

// GetCircuitSettings returns the settings of the names that were configured or
// used. They are the caller's: to change them changes no circuit.
func GetCircuitSettings() map[string]*Settings {
	shared.mu.Lock()
	defer shared.mu.Unlock()
	all := make(map[string]*Settings, len(shared.settings))
	for name, s := range shared.settings {
		all[name] = &s
	}
	return all
}

// setting returns the settings of a name, the defaults if it has none so far. mu
// is held.
func (s *state) setting(name string) Settings {
	if known, ok := s.settings[name]; ok {
		return known
	}
	return s.configure(name, CommandConfig{})
}

// configure keeps the settings of a name. mu is held.
func (s *state) configure(name string, c CommandConfig) Settings {
	or := func(n, otherwise int) int {
		if n == 0 {
			return otherwise
		}
		return n
	}
	set := Settings{
		Timeout:                milliseconds(or(c.Timeout, DefaultTimeout)),
		MaxConcurrentRequests:  or(c.MaxConcurrentRequests, DefaultMaxConcurrent),
		RequestVolumeThreshold: uint64(or(c.RequestVolumeThreshold, DefaultVolumeThreshold)),
		SleepWindow:            milliseconds(or(c.SleepWindow, DefaultSleepWindow)),
		ErrorPercentThreshold:  or(c.ErrorPercentThreshold, DefaultErrorPercentThreshold),
	}
	if s.settings == nil {
		s.settings = map[string]Settings{}
	}
	s.settings[name] = set
	return set
}

// milliseconds returns n milliseconds, or as many as a Duration holds.
func milliseconds(n int) time.Duration {
	const most = int64(math.MaxInt64 / time.Millisecond)
	return time.Duration(max(min(int64(n), most), -most)) * time.Millisecond
}

// engine returns the settings in the engine's terms, with every number made
// possible.
func (s Settings) engine() command.Settings {
	mode := breaker.Auto
	if s.ErrorPercentThreshold > 100 || s.RequestVolumeThreshold > math.MaxInt32 {
		mode = breaker.ForcedClosed // it counts and never opens
	}
	return command.Settings{
		Timeout:       max(s.Timeout, 1),
		Breaker:       mode,
		RequestVolume: int(min(max(s.RequestVolumeThreshold, 1), math.MaxInt32)),
		SleepWindow:   max(s.SleepWindow, 1),
		ErrorPercent:  min(max(s.ErrorPercentThreshold, 1), 100),
	}
}

func (s Settings) pool() isolation.PoolConfig {
	return isolation.PoolConfig{Core: max(s.MaxConcurrentRequests, 1)}
}
