// Package onecommand is the smallest program that calls a command. TestCompile
// builds it.
package onecommand

import (
	"context"
	"strconv"

	"github.com/quillgo/quill/command"
)

// Call executes a command.
func Call(ctx context.Context) (string, error) {
	c, err := command.New(command.Spec[int, string]{
		Name: "One",
		Run:  func(_ context.Context, n int) (string, error) { return strconv.Itoa(n), nil },
	})
	if err != nil {
		return "", err
	}
	return c.Execute(ctx, 1)
}
