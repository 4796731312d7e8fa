package peers

import (
	"github.com/quillgo/quill/breaker"
	"github.com/quillgo/quill/command"
	"github.com/quillgo/quill/isolation"
)

// Quill returns a command in a registry of its own, with default settings but
// for what s names.
func Quill(s Setup, how command.Isolation) *command.Command[int, int] {
	return QuillKeyed(s, how, nil, command.Unset)
}

// QuillKeyed is Quill with a request cache, and a request log or not.
func QuillKeyed(s Setup, how command.Isolation, key func(int) (string, bool), log command.Switch) *command.Command[int, int] {
	r := must(command.NewRegistry(command.RegistryOptions{}))
	if err := r.ConfigurePool("Bench", isolation.PoolConfig{Core: s.Limit}); err != nil {
		panic(err)
	}
	return must(QuillIn(r, "Bench", s, how, key, log))
}

// QuillIn makes a command in r.
func QuillIn(r *command.Registry, name string, s Setup, how command.Isolation, key func(int) (string, bool), log command.Switch) (*command.Command[int, int], error) {
	return command.New(command.Spec[int, int]{
		Name: name, Group: "Bench", Registry: r,
		Run:      s.Run,
		Fallback: s.Fallback,
		CacheKey: key,
		Settings: command.Settings{
			Isolation: how, Timeout: s.Timeout, Semaphore: s.Limit,
			RequestVolume: s.Volume, SleepWindow: s.Sleep, RequestLog: log,
		},
	})
}

// QuillBreaker returns quill's breaker alone.
func QuillBreaker(s Setup) *breaker.Breaker {
	return must(breaker.New(breaker.Options{Name: "Bench", Settings: breaker.Settings{RequestVolume: s.Volume, SleepWindow: s.Sleep}}))
}

// QuillSemaphore returns quill's semaphore alone.
func QuillSemaphore(s Setup) *isolation.Semaphore {
	return must(isolation.NewSemaphore("Bench", s.Limit))
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}
