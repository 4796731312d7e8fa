package main

import (
	"math"
	"slices"
	"strconv"
	"strings"
)

// sample is one measurement of one row. cpu is the processor time of the whole
// process, in nanoseconds as ns is; 0 where it is not known.
type sample struct{ ns, bytes, allocs, cpu float64 }

// parseLine takes apart a line such as
//
//	BenchmarkA3/cep21+stats-2   98634   1440 ns/op   272 B/op   4 allocs/op
//
// and reports whether it was one.
func parseLine(line string) (group, row string, s sample, ok bool) {
	fields := strings.Fields(line)
	if len(fields) < 4 {
		return "", "", s, false
	}
	name, ok := strings.CutPrefix(fields[0], "Benchmark")
	if !ok {
		return "", "", s, false
	}
	group, row, ok = strings.Cut(name, "/")
	if !ok {
		return "", "", s, false
	}
	if i := strings.LastIndexByte(row, '-'); i >= 0 {
		if _, err := strconv.Atoi(row[i+1:]); err == nil { // GOMAXPROCS, if it is not 1
			row = row[:i]
		}
	}
	for i := 2; i+1 < len(fields); i += 2 {
		v, err := strconv.ParseFloat(fields[i], 64)
		if err != nil {
			return "", "", s, false
		}
		switch fields[i+1] {
		case "ns/op":
			s.ns = v
		case "cpu-ns/op":
			s.cpu = v
		case "B/op":
			s.bytes = v
		case "allocs/op":
			s.allocs = v
		}
	}
	return group, row, s, s.ns > 0
}

// middle returns the medians of what was measured, and half the range of what
// of picks as a share of its median.
func middle(all []sample, of func(sample) float64) (m sample, spread float64) {
	sorted := func(part func(sample) float64) []float64 {
		values := make([]float64, len(all))
		for i, s := range all {
			values[i] = part(s)
		}
		slices.Sort(values)
		return values
	}
	m.ns = median(sorted(func(s sample) float64 { return s.ns }))
	m.cpu = median(sorted(func(s sample) float64 { return s.cpu }))
	m.bytes = median(sorted(func(s sample) float64 { return s.bytes }))
	m.allocs = median(sorted(func(s sample) float64 { return s.allocs }))
	judged := sorted(of)
	return m, (judged[len(judged)-1] - judged[0]) / 2 / median(judged)
}

// median returns the median of sorted values.
func median(sorted []float64) float64 {
	n := len(sorted)
	if n == 0 {
		return math.NaN()
	}
	return (sorted[(n-1)/2] + sorted[n/2]) / 2
}
