// Command compare runs the benchmarks of package bench in interleaved passes,
// prints the medians as Markdown tables, with the ratio of each row to the best
// peer that does the same job, and exits with 1 when quill is beyond one of its
// bars by more than the slack. It runs in the bench module's directory:
//
//	go run ./compare                      # everything, about three minutes
//	go run ./compare -groups 'A3|B'       # some groups
//	go run ./compare -out ../docs/performance.md
//
// Ratios are of time as it passes. On a machine that is busy with other things
// -by cpu is steadier; it charges a library for what it does on other goroutines,
// and for the processors that the scheduler keeps awake for them.
//
// It measures memory and goroutines (group H) itself, in one process for each
// row.
package main

import (
	"flag"
	"fmt"
	"os"
	"regexp"
	"runtime"
	"time"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "compare:", err)
		os.Exit(1)
	}
}

// options are the flags.
type options struct {
	passes    int
	benchtime time.Duration
	procs     int
	slack     float64
	out       string
	groups    *regexp.Regexp
	by        string
	hold      string
}

func parseFlags(args []string) (options, error) {
	var o options
	f := flag.NewFlagSet("compare", flag.ContinueOnError)
	f.IntVar(&o.passes, "passes", 9, "how often the whole suite is run")
	f.DurationVar(&o.benchtime, "benchtime", 50*time.Millisecond, "how long each benchmark runs in a pass")
	f.IntVar(&o.procs, "cpu", runtime.GOMAXPROCS(0), "GOMAXPROCS of the benchmarks")
	f.Float64Var(&o.slack, "slack", 1.25, "how far beyond its bar a ratio may be, as a factor")
	f.StringVar(&o.by, "by", "time", "what ratios are of: time, or cpu, the processor time of the whole process, for a machine that others use")
	f.StringVar(&o.out, "out", "", "a `file` to write the tables to: into the block between its markers, or as a new file")
	groups := f.String("groups", ".", "a `regexp` that the names of the groups to run must match as a whole")
	f.StringVar(&o.hold, "hold", "", "measure this `row` of group H only, and print it (used by compare itself)")
	if err := f.Parse(args); err != nil {
		return o, err
	}
	if o.passes < 1 || o.benchtime <= 0 || o.procs < 1 || o.slack < 1 || f.NArg() != 0 {
		return o, fmt.Errorf("passes, benchtime and cpu must be more than 0, slack 1 or more, without further arguments; got %v", args)
	}
	if o.by != "time" && o.by != "cpu" {
		return o, fmt.Errorf("by must be time or cpu, not %q", o.by)
	}
	if *groups == "." {
		*groups = ".*"
	}
	var err error
	o.groups, err = regexp.Compile("^(?:" + *groups + ")$")
	return o, err
}

// judged is what ratios are of.
func (o options) judged(s sample) float64 {
	if o.by == "cpu" {
		return s.cpu
	}
	return s.ns
}

func run(args []string) error {
	o, err := parseFlags(args)
	if err != nil {
		return err
	}
	if o.hold != "" {
		return hold(o.hold)
	}
	groups := chosen(groups(), o.groups)
	samples, err := measure(o, groups)
	if err != nil {
		return err
	}
	report := reportOf(o, groups, samples)
	if o.groups.MatchString("H") {
		memory, err := measureMemory()
		if err != nil {
			return err
		}
		report.memory = memory
	}
	text := report.markdown()
	fmt.Print(text)
	if o.out != "" {
		if err := writeBlock(o.out, text); err != nil {
			return err
		}
	}
	return report.missed()
}
