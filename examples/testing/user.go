// Package testing shows how a program that uses quill is tested: with virtual
// time in a synctest bubble, with a mocked clock, and with a TestObserver. Run it
// with go test ./examples/testing.
package testing

import (
	"context"
	"time"

	"github.com/quillgo/quill/command"
	"github.com/quillgo/quill/observable"
)

// Directory is the code under test: it asks a backend through a command.
type Directory struct {
	lookup *command.Command[string, string]
}

// NewDirectory takes its registry, so that a test can bring one of its own.
func NewDirectory(r *command.Registry, ask func(ctx context.Context, name string) (string, error)) (*Directory, error) {
	lookup, err := command.New(command.Spec[string, string]{
		Name:     "Lookup",
		Registry: r,
		Run:      ask,
		Fallback: func(context.Context, string, error) (string, error) { return "unknown", nil },
		Settings: command.Settings{Timeout: 2 * time.Second, RequestVolume: 3, SleepWindow: time.Minute},
	})
	return &Directory{lookup}, err
}

// Number returns somebody's number, or "unknown".
func (d *Directory) Number(ctx context.Context, name string) string {
	number, err := d.lookup.Execute(ctx, name)
	if err != nil {
		return "unknown"
	}
	return number
}

// Numbers looks several names up, one after the other.
func (d *Directory) Numbers(names ...string) observable.Observable[string] {
	return observable.ConcatMap(observable.FromSlice(names), d.lookup.ToObservable)
}
