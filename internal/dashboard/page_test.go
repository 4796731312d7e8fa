//go:build dashboard

package dashboard_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// page is the dashboard in a browser.
type page struct {
	t       *testing.T
	ctx     context.Context
	console func(yield func(chromedp.ConsoleMessage, error) bool)
}

// shown is what the page shows.
type shown struct {
	Circuits map[string]circuit
	Pools    map[string]pool
}

// circuit is the tile of a command, as text.
type circuit struct {
	Timeout, Rejected, Failure, Success, ShortCircuited, BadRequest string
	ErrorPercent                                                    string
	Host, Cluster                                                   string // requests per second
	Status                                                          string
	Hosts, Mean, P50, P90, P99, P995                                string
}

// pool is the tile of a pool, as text.
type pool struct {
	Host, Cluster                                          string // executions per second
	Active, MaxActive, Queued, Executions, Size, QueueSize string
}

// read is the script that reads a page into a shown.
const read = `(() => {
	const text = e => e ? e.innerText.replace(/\s+/g, ' ').trim() : null;
	const tiles = (where, tile) => Object.fromEntries([...document.querySelectorAll(where + ' .monitor')]
		.filter(m => m.querySelector('.monitor_data').innerText)
		.map(m => [text(m.querySelector('.name')), tile(c => text(m.querySelector(c)), [...m.querySelectorAll('.cell.data')].map(text))]));
	return JSON.stringify({
		Circuits: tiles('.dependencies', (at, cells) => ({
			Timeout: at('.timeout'), Rejected: at('.rejected'), Failure: at('.failure'),
			Success: at('.success'), ShortCircuited: at('.shortCircuited'), BadRequest: at('.badRequest'),
			ErrorPercent: at('.errorPercentage .value'), Host: at('.ratePerSecondPerHost'), Cluster: at('.ratePerSecond'),
			Status: at('.circuitStatus'), Hosts: cells[0],
			P90: at('.latency90'), P50: at('.latencyMedian'), P99: at('.latency99'), Mean: at('.latencyMean'), P995: at('.latency995'),
		})),
		Pools: tiles('.dependencyThreadPools', (at, cells) => ({
			Host: at('.ratePerSecondPerHost'), Cluster: at('.ratePerSecond'),
			Active: cells[0], MaxActive: cells[1], Queued: cells[2], Executions: cells[3], Size: cells[4], QueueSize: cells[5],
		})),
	});
})()`

func openPage(t *testing.T, url string) *page {
	t.Helper()
	browser := os.Getenv("CHROMIUM")
	if browser == "" {
		browser = "/usr/bin/chromium"
	}
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	t.Cleanup(cancel)
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(browser), chromedp.NoSandbox, chromedp.DisableGPU, chromedp.WindowSize(1500, 900),
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-background-networking", true),
		chromedp.Flag("disable-component-update", true), chromedp.Flag("disable-sync", true), chromedp.Flag("no-proxy-server", true))
	ctx, cancel = chromedp.NewExecAllocator(ctx, options...)
	t.Cleanup(cancel)
	ctx, _ = chromedp.NewContext(ctx, chromedp.WithErrorf(t.Logf))
	t.Cleanup(func() {
		if err := chromedp.Cancel(ctx); err != nil {
			t.Error(err)
		}
	})
	p := &page{t: t, ctx: ctx, console: chromedp.Console(ctx)}
	if err := chromedp.Do(ctx, chromedp.Navigate(url)); err != nil {
		t.Fatal(err)
	}
	return p
}

// await waits until the page shows what ok wants. When that takes too long it
// fails with what ok said last, and what the page shows and complains about.
func (p *page) await(what string, ok func(shown) error) shown {
	p.t.Helper()
	again := time.NewTicker(100 * time.Millisecond)
	defer again.Stop()
	for deadline := time.Now().Add(patience); ; <-again.C {
		text := run(p, chromedp.Evaluate[string](read))
		var now shown
		if err := json.Unmarshal([]byte(text), &now); err != nil {
			p.t.Fatal(err)
		}
		wrong := ok(now)
		if wrong == nil {
			return now
		}
		if time.Now().After(deadline) {
			p.t.Fatalf("the page does not show %s: %v\nIt shows %s\nIts console has %q", what, wrong, text, p.complaints())
		}
	}
}

// patience is how long the page may take to show something.
const patience = time.Minute

func run[T any](p *page, a chromedp.Action[T]) T {
	p.t.Helper()
	v, err := chromedp.Run(p.ctx, a)
	if err != nil {
		p.t.Fatal(err)
	}
	return v
}

// screenshot writes a picture of the whole page.
func (p *page) screenshot(file string) {
	p.t.Helper()
	if err := os.WriteFile(file, run(p, chromedp.FullScreenshot(100)), 0o666); err != nil {
		p.t.Fatal(err)
	}
	p.t.Logf("a picture of the page is in %s", file)
}

// complaints returns what the page wrote to its console up to now, which is
// where the dashboard says that a field is missing.
func (p *page) complaints() []string {
	p.t.Helper()
	const mark = "the test has come to its end"
	run(p, chromedp.Evaluate[chromedp.Void](fmt.Sprintf("console.log(%q)", mark)))
	var all []string
	for m, err := range p.console {
		switch {
		case err != nil:
			p.t.Fatal(err)
		case strings.Contains(m.Text, mark):
			return all
		}
		all = append(all, m.String())
	}
	p.t.Fatal("the console ended")
	return nil
}
