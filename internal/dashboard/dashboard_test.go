//go:build dashboard

package dashboard_test

import (
	"fmt"
	"math"
	"net/http/httptest"
	"os"
	"path/filepath"
	"reflect"
	"strconv"
	"testing"
	"time"

	"github.com/quillgo/quill/command"
	"github.com/quillgo/quill/contrib/quillhttp"
	"github.com/quillgo/quill/metrics"
)

// TestDashboard: the genuine dashboard shows our stream: while calls are made,
// and afterwards with the very numbers that the registry has.
func TestDashboard(t *testing.T) {
	w := newWorld(t)
	stream, err := quillhttp.NewHystrixStream(w.registry, quillhttp.Options{})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(stream)
	t.Cleanup(server.Close)
	t.Cleanup(stream.Close)
	p := openPage(t, site(t, server.URL+"/hystrix.stream"))

	// While calls are made.
	stop := w.keepCalling(getPrice)
	first := p.await("a command under load", func(now shown) error {
		if atoi(now.Circuits[getPrice].Success) == 0 {
			return fmt.Errorf("%s has no success", getPrice)
		}
		return nil
	})
	w.call(getUser, "/ok", 40)
	w.call(getUser, "/fail", 6)
	w.call(getUser, "/bad", 3)
	w.timeOut(getUser, 4)
	w.call(charge, "/fail", 20)
	w.call(charge, "/ok", 7)
	w.call(audit, "/ok", 5)
	w.call(search, "/fail", 25)
	held := w.hold(getUser, 4)
	queued := w.queue(getUser, 2)
	w.call(getUser, "/ok", 3) // rejected
	p.await("a command under load, and a full pool", func(now shown) error {
		was, is := first.Circuits[getPrice].Success, now.Circuits[getPrice].Success
		if atoi(is) <= atoi(was) {
			return fmt.Errorf("%s has %s successes, and had %s", getPrice, is, was)
		}
		if full := now.Pools[users]; full.Active != "4" || full.Queued != "2" {
			return fmt.Errorf("the pool is %+v, want 4 active and 2 queued", full)
		}
		return nil
	})

	// Afterwards nothing changes any more.
	close(w.gate)
	held()
	queued()
	stop()
	expected := expect(w.registry.Report())
	now := p.await("what the registry counted", func(now shown) error {
		if !reflect.DeepEqual(now, expected) {
			return fmt.Errorf("want %+v", expected)
		}
		return nil
	})
	p.screenshot(pictureFile(t))
	for _, m := range p.complaints() {
		t.Errorf("the page wrote to its console: %s", m)
	}

	// What the registry counted is what was done.
	user := now.Circuits[getUser]
	user.P50, user.P90, user.P99, user.P995, user.Mean = "", "", "", "", ""
	equal(t, circuit{Timeout: "4", Rejected: "3", Failure: "6", Success: "46", ShortCircuited: "0", BadRequest: "3",
		ErrorPercent: "22.0", Host: "0.6", Cluster: "0.6", Status: "Circuit Closed", Hosts: "1"}, user)
	equal(t, pool{Host: "0.6", Cluster: "0.6", Active: "0", MaxActive: now.Pools[users].MaxActive, Queued: "0", Executions: "59",
		Size: "4", QueueSize: "2"}, now.Pools[users])
	card := now.Circuits[charge]
	equal(t, []string{"20", "7", "100.0", "Circuit Open"}, []string{card.Failure, card.ShortCircuited, card.ErrorPercent, card.Status})
	equal(t, []string{"5", "Circuit Forced Open"}, []string{now.Circuits[audit].ShortCircuited, now.Circuits[audit].Status})
	equal(t, []string{"25", "100.0", "[ Forced Closed ] Circuit Closed"},
		[]string{now.Circuits[search].Failure, now.Circuits[search].ErrorPercent, now.Circuits[search].Status})
	equal(t, "Circuit Closed", now.Circuits[getPrice].Status)
}

// expect is what the page has to show of a report, formatted as it does.
func expect(r command.Report) shown {
	s := shown{Circuits: map[string]circuit{}, Pools: map[string]pool{}}
	for _, c := range r.Commands {
		n := c.Metrics.Rolling
		rejected := n[metrics.ThreadPoolRejected]
		if c.Settings.Isolation == command.Semaphore {
			rejected = n[metrics.SemaphoreRejected]
		}
		status := "Circuit Closed"
		switch {
		case c.Name == audit:
			status = "Circuit Forced Open"
		case c.Name == search:
			status = "[ Forced Closed ] Circuit Closed"
		case c.BreakerOpen:
			status = "Circuit Open"
		}
		late := func(p float64) string {
			return strconv.FormatInt(c.Metrics.Execution.Percentile(p).Milliseconds(), 10) + "ms"
		}
		s.Circuits[c.Name] = circuit{
			Timeout: commas(n[metrics.Timeout]), Rejected: commas(rejected), Failure: commas(n[metrics.Failure]),
			Success: commas(n[metrics.Success]), ShortCircuited: commas(n[metrics.ShortCircuited]), BadRequest: commas(n[metrics.BadRequest]),
			ErrorPercent: decimal(float64(c.HealthErrorPercent)), Host: rate(int64(c.HealthTotal)), Cluster: rate(int64(c.HealthTotal)),
			Status: status, Hosts: "1", Mean: strconv.FormatInt(c.Metrics.Execution.Mean().Milliseconds(), 10) + "ms",
			P50: late(50), P90: late(90), P99: late(99), P995: late(99.5),
		}
	}
	for _, p := range r.Pools {
		s.Pools[p.Key] = pool{
			Host: rate(p.Executed), Cluster: rate(p.Executed), Active: strconv.Itoa(p.Active), MaxActive: commas(p.MaxActive),
			Queued: strconv.Itoa(p.Queued), Executions: commas(p.Executed), Size: strconv.Itoa(p.Core), QueueSize: strconv.Itoa(p.Config.RejectAt),
		}
	}
	return s
}

func equal[T any](t *testing.T, want, got T) {
	t.Helper()
	if !reflect.DeepEqual(want, got) {
		t.Errorf("the page shows\n%+v\nwant\n%+v", got, want)
	}
}

// pictureFile is where the picture goes: the file that the environment names,
// else one that goes with the test.
func pictureFile(t *testing.T) string {
	if file := os.Getenv("DASHBOARD_PICTURE"); file != "" {
		return file
	}
	return filepath.Join(t.TempDir(), "dashboard.png")
}

func rate(n int64) string {
	return commasIn(decimal(float64(n) / (float64(window) / float64(time.Second))))
}

// decimal is a number with one decimal, as the page's roundNumber has it.
func decimal(x float64) string { return strconv.FormatFloat(math.Floor(x*10+0.5)/10, 'f', 1, 64) }

func commas(n int64) string { return commasIn(strconv.FormatInt(n, 10)) }

// commasIn puts a comma before each three digits.
func commasIn(number string) string {
	point := len(number)
	for i, r := range number {
		if r == '.' {
			point = i
			break
		}
	}
	for i := point - 3; i > 0; i -= 3 {
		number = number[:i] + "," + number[i:]
	}
	return number
}

// atoi is the number that the page shows as text, 0 for none.
func atoi(text string) int {
	n := 0
	for _, r := range text {
		if r >= '0' && r <= '9' {
			n = n*10 + int(r-'0')
		}
	}
	return n
}
