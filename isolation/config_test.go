package isolation_test

import (
	"testing"

	"github.com/quillgo/quill/isolation"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestPoolConfig_Defaults(t *testing.T) {
	for _, c := range []struct{ set, want isolation.PoolConfig }{
		{isolation.PoolConfig{}, isolation.PoolConfig{Core: 10, Max: 10}},
		{isolation.PoolConfig{Core: 3}, isolation.PoolConfig{Core: 3, Max: 3}},
		{isolation.PoolConfig{Core: 3, Max: 3}, isolation.PoolConfig{Core: 3, Max: 3}},
		{isolation.PoolConfig{Max: 12}, isolation.PoolConfig{Core: 10, Max: 12}},
		{isolation.PoolConfig{Queue: -1}, isolation.PoolConfig{Core: 10, Max: 10}},
		{isolation.PoolConfig{Queue: 3}, isolation.PoolConfig{Core: 10, Max: 10, Queue: 3, RejectAt: 3}},
		{isolation.PoolConfig{Queue: 100}, isolation.PoolConfig{Core: 10, Max: 10, Queue: 100, RejectAt: 5}},
		{isolation.PoolConfig{Queue: 100, RejectAt: 100}, isolation.PoolConfig{Core: 10, Max: 10, Queue: 100, RejectAt: 100}},
		{isolation.PoolConfig{Queue: 9, RejectAt: isolation.Unlimited}, isolation.PoolConfig{Core: 10, Max: 10, Queue: 9, RejectAt: isolation.Unlimited}},
		{isolation.PoolConfig{RejectAt: isolation.Unlimited}, isolation.PoolConfig{Core: 10, Max: 10}},
	} {
		require.NoError(t, c.set.Validate())
		p, err := isolation.NewPool("P", c.set, nil)
		require.NoError(t, err)
		assert.Equal(t, c.want, p.Config(), "from %+v", c.set)
		require.NoError(t, p.Update(p.Config()), "what is in force is valid")
		assert.Equal(t, c.want, p.Config())
	}
}

func TestPoolConfig_ValidateNamesFieldAndValue(t *testing.T) {
	for _, c := range []struct {
		cfg  isolation.PoolConfig
		want string
	}{
		{isolation.PoolConfig{Core: -1}, "PoolConfig.Core is -1: want 1 or more, or 0 for 10"},
		{isolation.PoolConfig{Core: 4, Max: 3}, "PoolConfig.Max is 3, less than Core, which is 4: want Core or more, or 0 for Core"},
		{isolation.PoolConfig{Max: 9}, "PoolConfig.Max is 9, less than Core, which is 10: want Core or more, or 0 for Core"},
		{isolation.PoolConfig{Max: -1}, "PoolConfig.Max is -1, less than Core, which is 10: want Core or more, or 0 for Core"},
		{isolation.PoolConfig{Queue: -2}, "PoolConfig.Queue is -2: want 1 or more, or 0 or -1 for no queue"},
		{isolation.PoolConfig{Queue: 4, RejectAt: -2}, "PoolConfig.RejectAt is -2: want 1 to Queue, 0 for the default, or Unlimited (-1) for no threshold"},
		{isolation.PoolConfig{Queue: 4, RejectAt: 5}, "PoolConfig.RejectAt is 5, beyond Queue, which is 4: want 1 to Queue, 0 for the default, or Unlimited (-1) for no threshold"},
		{isolation.PoolConfig{Queue: -1, RejectAt: 5}, "PoolConfig.RejectAt is 5, beyond Queue, which is -1: want 1 to Queue, 0 for the default, or Unlimited (-1) for no threshold"},
	} {
		assert.EqualError(t, c.cfg.Validate(), "isolation: "+c.want)
		_, err := isolation.NewPool("P", c.cfg, nil)
		assert.EqualError(t, err, "isolation: "+c.want)

		p, err := isolation.NewPool("P", isolation.PoolConfig{Core: 2}, nil)
		require.NoError(t, err)
		require.EqualError(t, p.Update(c.cfg), "isolation: "+c.want)
		assert.Equal(t, isolation.PoolConfig{Core: 2, Max: 2}, p.Config(), "a wrong Update changes nothing")
	}
}
