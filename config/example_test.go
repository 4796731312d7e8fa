package config_test

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"

	"github.com/quillgo/quill/command"
	"github.com/quillgo/quill/config"
)

// library is what a configuration library looks like: it has a map of everything,
// and says when it changes.
type library struct {
	all      map[string]any
	onChange []func()
}

// settings is the part of a library that is quill's, as a command.Source.
type settings struct{ *library }

func (s settings) Load() (command.Config, error) {
	m, ok := s.all["quill"].(map[string]any) // koanf: Get of a new instance each time; not viper, which lower-cases names
	if !ok {
		return command.Config{}, fmt.Errorf("quill is %v, want an object", s.all["quill"])
	}
	return config.FromMap(m)
}

func (s settings) Watch(changed func()) (stop func(), err error) {
	s.onChange = append(s.onChange, changed)
	return nil, nil // this one cannot stop
}

// A configuration library feeds a registry.
func ExampleFromMap() {
	lib := &library{all: map[string]any{"quill": map[string]any{
		"commands": map[string]any{"GetUser": map[string]any{"timeout": "200ms", "semaphore": 20}},
	}}}
	registry, _ := command.NewRegistry(command.RegistryOptions{})
	stop, err := registry.Follow(settings{lib}, func(err error) { fmt.Println(err) })
	if err != nil {
		fmt.Println(err)
		return
	}
	defer stop()
	getUser := command.MustNew(command.Spec[int, string]{
		Name: "GetUser", Registry: registry,
		Run: func(_ context.Context, id int) (string, error) { return fmt.Sprint("user ", id), nil },
	})
	fmt.Println(getUser.Settings().Timeout, getUser.Settings().Semaphore)
	// Output: 200ms 20
}

// A signal makes the file be read at once.
func ExampleFileSource_Reload() {
	dir, _ := os.MkdirTemp("", "quill")
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "quill.json")
	_ = os.WriteFile(path, []byte(`{"default": {"timeout": "200ms"}}`), 0o600)

	registry, _ := command.NewRegistry(command.RegistryOptions{})
	src := config.File(path, config.FileOptions{Interval: -1}) // only when told
	stop, err := registry.Follow(src, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer stop()

	hangup := make(chan os.Signal, 1)
	signal.Notify(hangup, syscall.SIGHUP)
	defer signal.Stop(hangup)

	_ = os.WriteFile(path, []byte(`{"default": {"timeout": "300ms"}}`), 0o600)
	hangup <- syscall.SIGHUP // what kill -HUP does
	for range hangup {       // in a program: on a goroutine of its own
		src.Reload()
		break
	}
	fmt.Println(registry.Reloads().Applied)
	// Output: 2
}

// A service that migrates keeps its file.
func ExampleProperties() {
	m, err := config.ReadProperties([]byte(`
		hystrix.command.GetUser.execution.isolation.thread.timeoutInMilliseconds=200
		hystrix.command.GetUser.circuitBreaker.forceOpen=true
		hystrix.threadpool.Users.keepAliveTimeMinutes=2
	`))
	if err != nil {
		fmt.Println(err)
		return
	}
	c, unused, err := config.Properties(m)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, u := range unused {
		fmt.Println(u)
	}
	text, _ := config.Marshal(c)
	fmt.Printf("%s", text)
	// Output:
	// hystrix.threadpool.Users.keepAliveTimeMinutes = 2: a slot that is not used is no thread: there is nothing to keep alive
	// {
	//   "commands": {
	//     "GetUser": {
	//       "timeout": "200ms",
	//       "breaker": "ForcedOpen"
	//     }
	//   },
	//   "pools": {
	//     "Users": {}
	//   }
	// }
}
