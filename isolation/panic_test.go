package isolation_test

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/quillgo/quill/isolation"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// logged returns what f logs through slog.Default.
func logged(t *testing.T, f func()) string {
	t.Helper()
	var out bytes.Buffer
	before := slog.Default()
	slog.SetDefault(slog.New(slog.NewTextHandler(&out, nil)))
	defer slog.SetDefault(before)
	f()
	return out.String()
}

func explode(*isolation.Task) { panic("boom") }

func TestI11_PanicGoesToOnPanicWithTheSlotBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var p *isolation.Pool
		var value any
		var stack []byte
		var active int
		p, err := isolation.NewPool("P", isolation.PoolConfig{Core: 1}, &isolation.PoolOptions{
			OnPanic: func(v any, s []byte) { value, stack, active = v, s, p.Stats().Active },
		})
		require.NoError(t, err)
		_, err = submit(p, explode)
		require.NoError(t, err)
		require.NoError(t, p.Wait(t.Context()))
		assert.Equal(t, "boom", value)
		assert.Contains(t, string(stack), "isolation_test.explode")
		assert.Zero(t, active)
	})
}

func TestI11_PanicWithoutOnPanicIsLogged(t *testing.T) {
	text := logged(t, func() {
		synctest.Test(t, func(t *testing.T) {
			p, err := isolation.NewPool("P", isolation.PoolConfig{}, nil)
			require.NoError(t, err)
			_, err = submit(p, explode)
			require.NoError(t, err)
			require.NoError(t, p.Wait(t.Context()))
		})
	})
	assert.Contains(t, text, "level=ERROR")
	assert.Contains(t, text, `msg="isolation: panic in a task" pool=P panic=boom`)
	assert.Contains(t, text, "isolation_test.explode")
}

func TestI11_PanicInOnPanicLosesNeither(t *testing.T) {
	text := logged(t, func() {
		synctest.Test(t, func(t *testing.T) {
			p, err := isolation.NewPool("P", isolation.PoolConfig{}, &isolation.PoolOptions{
				OnPanic: func(any, []byte) { panic("again") },
			})
			require.NoError(t, err)
			_, err = submit(p, explode)
			require.NoError(t, err)
			require.NoError(t, p.Wait(t.Context()))
		})
	})
	assert.Equal(t, 2, strings.Count(text, "level=ERROR"))
	assert.Contains(t, text, "panic=boom")
	assert.Contains(t, text, "panic=again")
}

func TestI11_GoexitIsNoPanic(t *testing.T) {
	text := logged(t, func() {
		synctest.Test(t, func(t *testing.T) {
			p, err := isolation.NewPool("P", isolation.PoolConfig{Core: 1}, nil)
			require.NoError(t, err)
			_, err = submit(p, func(*isolation.Task) { end(byGoexit) })
			require.NoError(t, err)
			require.NoError(t, p.Wait(t.Context()))
			assert.Zero(t, p.Stats().Active)
		})
	})
	assert.Empty(t, text)
}
