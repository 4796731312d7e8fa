package quillhttp

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"time"

	"github.com/quillgo/quill/command"
)

// burst returns messages as they go to clients: for each "data: ", its JSON on
// one line, and an empty line.
func burst[M any](messages ...M) []byte {
	var buf bytes.Buffer
	enc := newEncoder(&buf)
	for _, m := range messages {
		buf.WriteString("data: ")
		encode(enc, m) // ends with a line feed
		buf.WriteByte('\n')
	}
	return buf.Bytes()
}

// encodeOne returns the JSON of one message.
func encodeOne(message any) []byte {
	var buf bytes.Buffer
	encode(newEncoder(&buf), message)
	return bytes.TrimSuffix(buf.Bytes(), []byte("\n"))
}

func newEncoder(buf *bytes.Buffer) *json.Encoder {
	enc := json.NewEncoder(buf)
	enc.SetEscapeHTML(false)
	return enc
}

// encode writes a message, which is made of structs, maps, slices, strings and
// numbers without NaN, so that there is nothing that could fail.
func encode(enc *json.Encoder, message any) {
	if err := enc.Encode(message); err != nil {
		panic(fmt.Sprintf("quillhttp: a %T cannot be encoded: %v", message, err))
	}
}

// limit is a limit as Hystrix writes it, which knows neither Unlimited nor None.
func limit(n int) int {
	switch n {
	case command.Unlimited:
		return math.MaxInt32
	case command.None:
		return 0
	}
	return n
}

// millis is a duration in whole milliseconds; one that is switched off is 0.
func millis(d time.Duration) int64 { return max(d, 0).Milliseconds() }
