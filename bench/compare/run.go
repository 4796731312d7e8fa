package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// samples are what the passes measured: by group, then by row in the order of
// the benchmarks.
type samples map[string]*rows

type rows struct {
	names []string
	of    map[string][]sample
}

func (s samples) add(group, row string, v sample) {
	r := s[group]
	if r == nil {
		r = &rows{of: map[string][]sample{}}
		s[group] = r
	}
	if _, ok := r.of[row]; !ok {
		r.names = append(r.names, row)
	}
	r.of[row] = append(r.of[row], v)
}

// measure compiles the benchmarks once and runs them o.passes times, from the
// first group to the last each time, so that a disturbance of the machine falls
// on one sample of many rows and not on many samples of one.
func measure(o options, groups []group) (all samples, err error) {
	all = samples{}
	if len(groups) == 0 {
		return all, nil
	}
	dir, err := os.MkdirTemp("", "quill-bench")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	binary := filepath.Join(dir, "bench.test")
	if _, err := output("go", "test", "-c", "-o", binary, "github.com/quillgo/quill/bench"); err != nil {
		return nil, err
	}
	for pass := range o.passes {
		fmt.Fprintf(os.Stderr, "pass %d of %d\n", pass+1, o.passes)
		for _, g := range groups {
			text, err := output(binary, "-test.run=^$", "-test.bench=^Benchmark"+g.name+"$",
				"-test.benchtime="+o.benchtime.String(), fmt.Sprintf("-test.cpu=%d", o.procs))
			if err != nil {
				return nil, err
			}
			found := 0
			for line := range strings.Lines(text) {
				name, row, v, ok := parseLine(line)
				if ok && name == g.name {
					all.add(name, row, v)
					found++
				}
			}
			if found == 0 {
				return nil, fmt.Errorf("group %s gave no results:\n%s", g.name, text)
			}
		}
	}
	return all, nil
}

// output runs a program and returns what it printed; the error has what it
// complained about.
func output(name string, args ...string) (string, error) {
	cmd := exec.Command(name, args...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("%s %s: %w\n%s%s", name, strings.Join(args, " "), err, &stdout, &stderr)
	}
	return stdout.String(), nil
}
