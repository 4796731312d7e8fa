package quillhttp_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/quillgo/quill/breaker"
	"github.com/quillgo/quill/command"
	"github.com/quillgo/quill/contrib/quillhttp"
)

// jsonType is the type of a JSON value. Of the fields below none may be null: the
// dashboard takes that for missing, and then shows nothing.
type jsonType string

const (
	number  jsonType = "number"
	boolean jsonType = "bool"
	text    jsonType = "string"
	object  jsonType = "object"
)

// fields are what Netflix's dashboard and Turbine read, or want to be there.
var fields = map[string]map[jsonType]string{
	"HystrixCommand": {
		text: "type name group propertyValue_executionIsolationStrategy threadPool",
		number: `currentTime errorPercentage errorCount requestCount
			rollingCountBadRequests rollingCountCollapsedRequests rollingCountEmit rollingCountExceptionsThrown rollingCountFailure
			rollingCountFallbackEmit rollingCountFallbackFailure rollingCountFallbackMissing rollingCountFallbackRejection
			rollingCountFallbackSuccess rollingCountResponsesFromCache rollingCountSemaphoreRejected rollingCountShortCircuited
			rollingCountSuccess rollingCountThreadPoolRejected rollingCountTimeout
			currentConcurrentExecutionCount rollingMaxConcurrentExecutionCount latencyExecute_mean latencyTotal_mean
			propertyValue_circuitBreakerRequestVolumeThreshold propertyValue_circuitBreakerSleepWindowInMilliseconds
			propertyValue_circuitBreakerErrorThresholdPercentage propertyValue_executionIsolationThreadTimeoutInMilliseconds
			propertyValue_executionTimeoutInMilliseconds propertyValue_executionIsolationSemaphoreMaxConcurrentRequests
			propertyValue_fallbackIsolationSemaphoreMaxConcurrentRequests
			propertyValue_metricsRollingStatisticalWindowInMilliseconds reportingHosts`,
		boolean: `isCircuitBreakerOpen propertyValue_circuitBreakerForceOpen propertyValue_circuitBreakerForceClosed
			propertyValue_circuitBreakerEnabled propertyValue_executionIsolationThreadInterruptOnTimeout
			propertyValue_requestCacheEnabled propertyValue_requestLogEnabled`,
		object: "latencyExecute latencyTotal",
	},
	"HystrixThreadPool": {
		text: "type name",
		number: `currentTime currentActiveCount currentCompletedTaskCount currentCorePoolSize currentLargestPoolSize
			currentMaximumPoolSize currentPoolSize currentQueueSize currentTaskCount rollingCountThreadsExecuted
			rollingMaxActiveThreads rollingCountCommandRejections propertyValue_queueSizeRejectionThreshold
			propertyValue_metricsRollingStatisticalWindowInMilliseconds reportingHosts`,
	},
	"HystrixCollapser": {
		text: "type name",
		number: `currentTime rollingCountRequestsBatched rollingCountBatches rollingCountResponsesFromCache batchSize_mean
			propertyValue_maxRequestsInBatch propertyValue_timerDelayInMilliseconds reportingHosts`,
		boolean: "propertyValue_requestCacheEnabled",
		object:  "batchSize",
	},
}

// percentiles are the keys, all of them numbers, of the objects.
var percentiles = map[string]string{
	"latencyExecute": "0 25 50 75 90 95 99 99.5 100",
	"latencyTotal":   "0 25 50 75 90 95 99 99.5 100",
	"batchSize":      "25 50 75 90 95 99 99.5 100",
}

// mayBeNull are the fields that Hystrix writes and nobody reads.
const mayBeNull = "propertyValue_executionIsolationThreadPoolKeyOverride"

func typeOf(value any) jsonType {
	switch value.(type) {
	case json.Number:
		return number
	case bool:
		return boolean
	case string:
		return text
	case map[string]any:
		return object
	}
	return jsonType(fmt.Sprintf("%T", value))
}

// check returns what is wrong with a message.
func check(message []byte) error {
	var m map[string]any
	dec := json.NewDecoder(bytes.NewReader(message))
	dec.UseNumber()
	if err := dec.Decode(&m); err != nil {
		return err
	}
	kind, _ := m["type"].(string)
	wanted, ok := fields[kind]
	if !ok {
		return fmt.Errorf("there is no type %q", kind)
	}
	var errs []error
	want := func(in map[string]any, name string, typ jsonType) {
		value, there := in[name]
		if is := typeOf(value); !there || is != typ {
			errs = append(errs, fmt.Errorf("%s: %s is %v, want a %s", kind, name, value, typ))
		}
		delete(in, name)
	}
	for typ, names := range wanted {
		for name := range strings.FieldsSeq(names) {
			if part, ok := m[name].(map[string]any); ok {
				for key := range strings.FieldsSeq(percentiles[name]) {
					want(part, key, number)
				}
				if len(part) > 0 {
					errs = append(errs, fmt.Errorf("%s: %s has %v as well", kind, name, part))
				}
			}
			want(m, name, typ)
		}
	}
	if value, there := m[mayBeNull]; there && value == nil {
		delete(m, mayBeNull)
	}
	for name := range m {
		errs = append(errs, fmt.Errorf("%s: %s is no field of Hystrix's", kind, name))
	}
	return errors.Join(errs...)
}

// TestContract_Dashboard: a stream from a server of its own has every field that
// the dashboard reads, in the right type.
func TestContract_Dashboard(t *testing.T) {
	r := registry(t)
	for name, s := range map[string]command.Settings{
		"Pooled":   {},
		"OnCaller": {Isolation: command.Semaphore, Semaphore: command.Unlimited, FallbackSemaphore: command.None},
		"Open":     {Breaker: breaker.ForcedOpen, Timeout: -1},
		"Closed":   {Breaker: breaker.ForcedClosed, RequestCache: command.Off, RequestLog: command.Off},
		"Unbroken": {Breaker: breaker.Disabled},
	} {
		c := newCommand(t, r, name, s)
		for _, in := range []error{nil, errors.New("no")} {
			_, _ = c.Execute(t.Context(), in)
		}
	}
	s, err := quillhttp.NewHystrixStream(r, quillhttp.Options{Every: 10 * time.Millisecond})
	require.NoError(t, err)
	server := httptest.NewServer(s)
	defer server.Close()
	defer s.Close()
	res, err := server.Client().Get(server.URL)
	require.NoError(t, err)
	defer res.Body.Close()

	seen := map[string]int{}
	for lines := bufio.NewScanner(res.Body); len(seen) < 2 || seen["HystrixThreadPool"] < 8; {
		require.True(t, lines.Scan(), lines.Err())
		if data, ok := strings.CutPrefix(lines.Text(), "data: "); ok {
			require.NoError(t, check([]byte(data)))
			var m struct{ Type string }
			require.NoError(t, json.Unmarshal([]byte(data), &m))
			seen[m.Type]++
		}
	}
	require.Greater(t, seen["HystrixCommand"], 5)
}

func TestContract_Messages(t *testing.T) {
	for _, m := range quillhttp.HystrixJSON(fixedReport()) {
		require.NoError(t, check(m))
	}
}

// TestContract_CanFail: the check sees a field that is missing, null, of another
// type or unknown.
func TestContract_CanFail(t *testing.T) {
	good := string(quillhttp.HystrixJSON(fixedReport())[0])
	for _, edit := range [][2]string{
		{`"errorCount":30,`, ``},
		{`"errorCount":30`, `"errorCount":null`},
		{`"errorCount":30`, `"errorCount":"30"`},
		{`"isCircuitBreakerOpen":true`, `"isCircuitBreakerOpen":"true"`},
		{`"99.5":100,`, ``},
		{`"99.5":100`, `"99.9":100`},
		{`"name":`, `"title":`},
	} {
		bad := strings.Replace(good, edit[0], edit[1], 1)
		require.NotEqual(t, good, bad)
		require.Error(t, check([]byte(bad)), edit[1])
	}
}
