package quillhttp_test

import (
	"bufio"
	"context"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/quillgo/quill/contrib/quillhttp"
)

// pipes is a listener whose connections are in memory, for bubbles of
// testing/synctest. Nothing is held between the two ends: a write waits until the
// other side reads.
type pipes struct {
	conns chan net.Conn
	done  chan struct{}
	once  sync.Once
}

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.done:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error {
	p.once.Do(func() { close(p.done) })
	return nil
}

func (p *pipes) Addr() net.Addr { return &net.UnixAddr{Name: "pipe", Net: "pipe"} }

// serve serves h for as long as the test runs, and returns what opens
// connections to it.
func serve(t *testing.T, server *http.Server) *pipes {
	t.Helper()
	p := &pipes{conns: make(chan net.Conn), done: make(chan struct{})}
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(p) }() // ends with the test
	t.Cleanup(func() {
		require.NoError(t, server.Close())
		require.ErrorIs(t, <-ended, http.ErrServerClosed)
	})
	return p
}

// connection is a client that reads when it is told to.
type connection struct {
	t    *testing.T
	conn net.Conn
	in   *bufio.Reader
	end  error // why there is no further frame
	*http.Response
}

// get sends a GET, and reads the header of the answer.
func (p *pipes) get(t *testing.T) *connection { return p.request(t, http.MethodGet) }

func (p *pipes) request(t *testing.T, method string) *connection {
	t.Helper()
	ours, theirs := net.Pipe()
	p.conns <- theirs
	t.Cleanup(func() { _ = ours.Close() })
	req, err := http.NewRequestWithContext(context.Background(), method, "http://quill/hystrix.stream", nil)
	require.NoError(t, err)
	require.NoError(t, req.Write(ours))
	c := &connection{t: t, conn: ours, in: bufio.NewReaderSize(ours, 16)} // so that it does not read ahead
	c.Response, err = http.ReadResponse(c.in, req)
	require.NoError(t, err)
	return c
}

// frame reads up to the next empty line, which it leaves out. It is "" at the end.
func (c *connection) frame() string {
	c.t.Helper()
	var text strings.Builder
	var one [1]byte
	for !strings.HasSuffix(text.String(), "\n\n") {
		if n, err := c.Body.Read(one[:]); n == 0 {
			c.end = err
			assert.Empty(c.t, text.String(), "the stream ended within a frame: %v", err)
			return ""
		}
		text.WriteByte(one[0])
	}
	return strings.TrimSuffix(text.String(), "\n\n")
}

// collect reads frames for as long as there are any, and returns what returns
// those that came since it was last called.
func (c *connection) collect() (taken func() []string) {
	var mu sync.Mutex
	var frames []string
	go func() { // ends with the stream, or the connection
		for f := c.frame(); f != ""; f = c.frame() {
			mu.Lock()
			frames = append(frames, f)
			mu.Unlock()
		}
	}()
	return func() []string {
		mu.Lock()
		defer mu.Unlock()
		defer func() { frames = nil }()
		return frames
	}
}

func newHystrixStream(t *testing.T, o quillhttp.Options) *quillhttp.Stream {
	t.Helper()
	s, err := quillhttp.NewHystrixStream(registry(t), o)
	require.NoError(t, err)
	return s
}
