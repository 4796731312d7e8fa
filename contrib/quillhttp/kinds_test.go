package quillhttp_test

import (
	"errors"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/quillgo/quill/cache"
	"github.com/quillgo/quill/command"
	"github.com/quillgo/quill/contrib/quillhttp"
)

// quiet has no pings.
var quiet = quillhttp.Options{Ping: time.Hour}

func TestUtilizationStream(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := registry(t)
		_, err := newCommand(t, r, "A", command.Settings{}).Execute(t.Context(), nil)
		require.NoError(t, err)
		s, err := quillhttp.NewUtilizationStream(r, quiet)
		require.NoError(t, err)
		began := time.Now()
		c := serve(t, &http.Server{Handler: s}).get(t)
		const message = `data: {"type":"HystrixUtilization","commands":{"A":{"activeCount":0}},"threadpools":{"A":{"activeCount":0,"queueSize":0,"corePoolSize":10,"poolSize":10}}}`
		require.Equal(t, message, c.frame())
		require.Equal(t, 500*time.Millisecond, time.Since(began))
		require.Equal(t, message, c.frame())
	})
}

func TestConfigStream(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := registry(t)
		_, err := newCommand(t, r, "A", command.Settings{}).Execute(t.Context(), nil)
		require.NoError(t, err)
		s, err := quillhttp.NewConfigStream(r, quiet)
		require.NoError(t, err)
		began := time.Now()
		c := serve(t, &http.Server{Handler: s}).get(t)
		require.Contains(t, c.frame(), `"requestCacheEnabled":true,"requestLogEnabled":true,"timeoutEnabled":true,"fallbackEnabled":true,"timeoutInMilliseconds":1000`)
		require.Equal(t, 5*time.Second, time.Since(began))
		require.NoError(t, r.Update("A", command.Settings{Timeout: time.Minute}))
		require.Contains(t, c.frame(), `"timeoutInMilliseconds":60000`)
	})
}

func TestRequestStream(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := registry(t)
		a := newCommand(t, r, "A", command.Settings{Isolation: command.Semaphore})
		s, err := quillhttp.NewRequestStream(r, quiet)
		require.NoError(t, err)
		request := func(inputs ...error) {
			ctx, scope := cache.NewScope(t.Context())
			defer scope.Close()
			for _, in := range inputs {
				_, _ = a.Execute(ctx, in)
			}
		}
		request(nil) // nobody is there
		server := serve(t, &http.Server{Handler: s})
		c := server.get(t)
		synctest.Wait()
		request(nil, errors.New("no"), nil)
		request()
		request(nil)
		require.Equal(t, `data: [{"name":"A","events":["SUCCESS"],"latencies":[0,0]},{"name":"A","events":["FAILURE","FALLBACK_SUCCESS"],"latencies":[0]}]`, c.frame())
		require.Equal(t, `data: [{"name":"A","events":["SUCCESS"],"latencies":[0]}]`, c.frame())

		// One who comes later gets what happens later; one who does not read misses
		// what is too old, and holds nobody up.
		late := server.get(t)
		before := server.get(t).collect()
		synctest.Wait()
		require.Empty(t, before())
		for range 2000 {
			request(nil)
			synctest.Wait()
		}
		frames := late.collect()
		synctest.Wait()
		require.Len(t, frames(), 1+512)
	})
}

// TestStreams_RegistryCloses: streams end with their registry.
func TestStreams_RegistryCloses(t *testing.T) {
	for name, open := range map[string]func(*command.Registry, quillhttp.Options) (*quillhttp.Stream, error){
		"hystrix": quillhttp.NewHystrixStream, "utilization": quillhttp.NewUtilizationStream,
		"config": quillhttp.NewConfigStream, "requests": quillhttp.NewRequestStream,
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := registry(t)
				s, err := open(r, quiet)
				require.NoError(t, err)
				c := serve(t, &http.Server{Handler: s}).get(t)
				synctest.Wait()
				require.Equal(t, 1, s.Clients())
				r.Close()
				require.Empty(t, c.frame())
				require.ErrorContains(t, c.end, "EOF")
				synctest.Wait()
				require.Zero(t, s.Clients())
			})
			_, err := open(nil, quillhttp.Options{Ping: -1})
			require.ErrorContains(t, err, "Options.Ping")
			s, err := open(nil, quillhttp.Options{})
			require.NoError(t, err, "the default registry")
			s.Close()
		})
	}
}
