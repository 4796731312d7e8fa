package config_test

import (
	"context"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// identity is a body.
func identity(_ context.Context, in int) (int, error) { return in, nil }
