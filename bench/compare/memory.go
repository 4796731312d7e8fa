package main

import (
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"time"
)

// footprint is what one call in flight, or one command, holds.
type footprint struct {
	Goroutines float64
	Heap       float64 // bytes
	Stack      float64 // bytes
}

// held is how many calls or commands a footprint is measured over.
const held = 2000

// holder is a row of group H: it brings about what is to be measured, n times,
// and returns when it is there. What keep returns stays alive while it is
// measured.
type holder struct {
	name string
	keep func(n int) (alive any)
}

type holders struct {
	name  string
	title string
	rows  []holder
}

// memoryTable is a group of footprints.
type memoryTable struct {
	holders
	of map[string]footprint
}

// measureMemory measures every row in a process of its own, three times, and
// takes the medians.
func measureMemory() ([]memoryTable, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	fmt.Fprintln(os.Stderr, "memory")
	var all []memoryTable
	for _, h := range allHolders() {
		t := memoryTable{holders: h, of: map[string]footprint{}}
		for _, row := range h.rows {
			var parts [3][]float64
			for range 3 {
				text, err := output(self, "-hold", h.name+"/"+row.name)
				if err != nil {
					return nil, err
				}
				var f footprint
				if err := json.Unmarshal([]byte(text), &f); err != nil {
					return nil, fmt.Errorf("%s/%s printed %q: %w", h.name, row.name, text, err)
				}
				for i, v := range [...]float64{f.Goroutines, f.Heap, f.Stack} {
					parts[i] = append(parts[i], v)
				}
			}
			for _, p := range parts {
				slices.Sort(p)
			}
			t.of[row.name] = footprint{median(parts[0]), median(parts[1]), median(parts[2])}
		}
		all = append(all, t)
	}
	return all, nil
}

// hold measures one row and prints its footprint.
func hold(name string) error {
	debug.SetGCPercent(-1) // no collection but those asked for
	group, row, _ := strings.Cut(name, "/")
	for _, h := range allHolders() {
		for _, r := range h.rows {
			if h.name == group && r.name == row {
				return json.NewEncoder(os.Stdout).Encode(footprintOf(r))
			}
		}
	}
	return fmt.Errorf("there is no row %q in group H", name)
}

func footprintOf(h holder) footprint {
	h.keep(1) // what is made once does not count
	before := heap()
	alive := h.keep(held)
	after := heap()
	runtime.KeepAlive(alive)
	each := func(before, after uint64) float64 { return (float64(after) - float64(before)) / held }
	return footprint{
		Goroutines: each(before.goroutines, after.goroutines),
		Heap:       each(before.heap, after.heap),
		Stack:      each(before.stack, after.stack),
	}
}

type usage struct{ goroutines, heap, stack uint64 }

// heap returns what is in use when everything that can be collected has been.
func heap() usage {
	for range 3 {
		runtime.GC()
		time.Sleep(10 * time.Millisecond) // finalizers, and goroutines that are about to end
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return usage{uint64(runtime.NumGoroutine()), m.HeapAlloc, m.StackInuse}
}

func (t memoryTable) markdown(w *strings.Builder) {
	fmt.Fprintf(w, "\n### %s: %s\n\n", t.name, t.title)
	w.WriteString("| | goroutines | heap B | stack B |\n|---|--:|--:|--:|\n")
	for _, r := range t.rows {
		f := t.of[r.name]
		fmt.Fprintf(w, "| %s | %.2g | %s | %s |\n", styled(r.name), f.Goroutines, whole(f.Heap), whole(f.Stack))
	}
}

// machine names what measures, and the versions that are measured.
func machine() string {
	parts := []string{runtime.Version() + " " + runtime.GOOS + "/" + runtime.GOARCH}
	if text, err := os.ReadFile("/proc/cpuinfo"); err == nil {
		if m := modelName.FindSubmatch(text); m != nil {
			parts = append(parts, fmt.Sprintf("%d x %s", runtime.NumCPU(), m[1]))
		}
	}
	if modules, err := output("go", "list", "-m", "all"); err == nil {
		for line := range strings.Lines(modules) {
			if peerModules.MatchString(line) {
				parts = append(parts, strings.TrimPrefix(strings.TrimSpace(line), "github.com/"))
			}
		}
	}
	return strings.Join(parts, ", ")
}

var (
	modelName   = regexp.MustCompile(`(?m)^model name\s*:\s*(.+)$`)
	peerModules = regexp.MustCompile(`/hystrix-go |/circuit/v4 |eapache|/failsafe-go |gobreaker|samber/ro |rxgo`)
)
