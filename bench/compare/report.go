package main

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// report is what is known when all passes are over.
type report struct {
	options options
	tables  []table
	memory  []memoryTable
}

// table is a group with its rows.
type table struct {
	group
	rows []line
	best string // the fastest peer, or the group's base
}

type line struct {
	name   string
	m      sample
	judged float64 // of m, what ratios are of
	spread float64 // of the same
	ratio  float64 // to the best
}

func reportOf(o options, groups []group, all samples) report {
	r := report{options: o}
	for _, g := range groups {
		r.tables = append(r.tables, tableOf(o, g, all[g.name]))
	}
	return r
}

func tableOf(o options, g group, of *rows) table {
	t := table{group: g}
	least := math.Inf(1)
	for _, name := range of.names {
		m, spread := middle(of.of[name], o.judged)
		v := o.judged(m)
		t.rows = append(t.rows, line{name: name, m: m, judged: v, spread: spread})
		if (name == g.base || !ours(name) && !reference(name)) && v < least {
			t.best, least = name, v
		}
	}
	for i := range t.rows {
		t.rows[i].ratio = t.rows[i].judged / least
	}
	return t
}

// verdict is what became of a bar.
type verdict struct {
	bar
	against string // the row that it was measured by
	ratio   float64
	slack   float64
}

func (v verdict) missed() bool { return !(v.ratio <= v.most*v.slack) } // a NaN is a miss

func (v verdict) String() string {
	word := "ok"
	switch {
	case v.missed():
		word = "**MISSED**"
	case v.ratio > v.most:
		word = "beyond, within the slack"
	}
	what := ""
	if v.allocs {
		what = "'s allocations"
	}
	return fmt.Sprintf("%.2f of %s%s, bar %.2g: %s", v.ratio, v.against, what, v.most, word)
}

// verdicts judges the row named quill by the group's bars.
func (t table) verdicts(slack float64) []verdict {
	var all []verdict
	for _, b := range t.bars {
		v := verdict{bar: b, slack: slack, ratio: math.NaN()}
		of := b.of
		if of == nil {
			of = []string{t.best}
		}
		quill, least := math.NaN(), math.Inf(1)
		for _, r := range t.rows {
			value := r.judged
			if b.allocs {
				value, v.slack = r.m.allocs, 1 // they are exact
			}
			if r.name == "quill" {
				quill = value
			}
			for _, name := range of {
				if r.name == name && value < least {
					v.against, least = name, value
				}
			}
		}
		if v.against != "" {
			v.ratio = quill / least
		}
		all = append(all, v)
	}
	return all
}

// missed returns an error that names the bars that were missed by more than the
// slack.
func (r report) missed() error {
	var errs []error
	for _, t := range r.tables {
		for _, v := range t.verdicts(r.options.slack) {
			if v.missed() {
				errs = append(errs, fmt.Errorf("group %s: quill takes %v", t.name, v))
			}
		}
	}
	return errors.Join(errs...)
}

func (r report) markdown() string {
	var w strings.Builder
	fmt.Fprintf(&w, "%s, medians of %d interleaved passes of %v, GOMAXPROCS %d.\n", machine(), r.options.passes, r.options.benchtime, r.options.procs)
	what := map[string]string{"time": "time", "cpu": "processor time"}[r.options.by]
	fmt.Fprintf(&w, "cpu is the processor time of the whole process in ns/op; × is the ratio of %s to the fastest peer that does the same job,\n", what)
	fmt.Fprintf(&w, "± is half the range of %s in %% of its median.\n", what)
	w.WriteString("Rows in italics are references: they do less than the job.\n")
	for _, t := range r.tables {
		t.markdown(&w, r.options.slack)
	}
	for _, t := range r.memory {
		t.markdown(&w)
	}
	return w.String()
}

func (t table) markdown(w *strings.Builder, slack float64) {
	fmt.Fprintf(w, "\n### %s: %s\n\n", t.name, t.title)
	w.WriteString("| | ns/op | cpu | B/op | allocs/op | ± % | × |\n|---|--:|--:|--:|--:|--:|--:|\n")
	for _, r := range t.rows {
		fmt.Fprintf(w, "| %s | %s | %s | %s | %.0f | %.0f | %.2f |\n", styled(r.name), figure(r.m.ns), figure(r.m.cpu), whole(r.m.bytes), r.m.allocs, 100*r.spread, r.ratio)
	}
	w.WriteByte('\n')
	for _, v := range t.verdicts(slack) {
		fmt.Fprintf(w, "quill: %v.\n", v)
	}
	if len(t.bars) == 0 {
		fmt.Fprintf(w, "No bar; × is the ratio to %s, and quill's aim is %s.\n", t.best, t.aim)
	}
}

func styled(row string) string {
	switch {
	case reference(row):
		return "*" + row + "*"
	case ours(row):
		return "**" + row + "**"
	}
	return row
}

// figure prints a number, a small one with a digit after the point.
func figure(v float64) string {
	if v < 10 {
		return fmt.Sprintf("%.1f", v)
	}
	return whole(v)
}

// whole prints a number with its thousands apart.
func whole(v float64) string {
	n := int64(math.Round(v))
	if n < 1000 {
		return strconv.FormatInt(n, 10)
	}
	text := fmt.Sprintf("%03d", n%1000)
	for n /= 1000; n >= 1000; n /= 1000 {
		text = fmt.Sprintf("%03d,%s", n%1000, text)
	}
	return fmt.Sprintf("%d,%s", n, text)
}
