package quillhttp

import (
	"bufio"
	"io"
	"net"
	"net/http"

	"github.com/quillgo/quill/command"
)

// logWriter sets the header with the request's log when the answer begins. Like
// every ResponseWriter it is for one goroutine at a time.
type logWriter struct {
	http.ResponseWriter
	log      *command.Log
	opts     MiddlewareOptions
	answered bool // the header is set, or it is too late for it
}

// writer returns w as what the handler gets.
func (w *logWriter) writer() http.ResponseWriter {
	if _, ok := w.ResponseWriter.(http.Flusher); ok {
		return logFlusher{w}
	}
	return w
}

// logFlusher is a logWriter for those who ask for an http.Flusher.
type logFlusher struct{ *logWriter }

func (w logFlusher) Flush() { _ = w.FlushError() }

// answer sets the header, once.
func (w *logWriter) answer() {
	if w.answered {
		return
	}
	w.answered = true
	if text := w.log.String(); text != "" {
		w.Header().Set(w.opts.LogHeader, headerValue(text, w.opts.LogLimit))
	}
}

// WriteHeader begins the answer, unless it is an informational one.
func (w *logWriter) WriteHeader(status int) {
	if status >= 200 || status == http.StatusSwitchingProtocols {
		w.answer()
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *logWriter) Write(p []byte) (int, error) {
	w.answer()
	return w.ResponseWriter.Write(p)
}

// ReadFrom lets io.Copy send files as the server's writer can.
func (w *logWriter) ReadFrom(src io.Reader) (int64, error) {
	w.answer()
	return io.Copy(w.ResponseWriter, src)
}

// FlushError is what http.ResponseController flushes by.
func (w *logWriter) FlushError() error {
	w.answer()
	return http.NewResponseController(w.ResponseWriter).Flush()
}

// Hijack is for those who ask for an http.Hijacker; its error is
// http.ErrNotSupported where there is nothing to take over.
func (w *logWriter) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	w.answered = true
	return http.NewResponseController(w.ResponseWriter).Hijack()
}

// Unwrap is for http.ResponseController.
func (w *logWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }
