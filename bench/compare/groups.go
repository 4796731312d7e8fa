package main

import "regexp"

// group is one Benchmark function of package bench, and what is asked of quill
// there. The rows of other libraries that do the same job are its peers.
type group struct {
	name  string
	title string
	bars  []bar
	// aim is said instead of a bar where there is none.
	aim string
	// base is the row that the others are a ratio of, if the group has no peer.
	base string
}

// bar is the most that the row named quill may take, as a share of the fastest
// of some rows.
type bar struct {
	most float64
	// allocs has allocations compared instead of time.
	allocs bool
	// of are the rows to be compared with; nil means the best peer.
	of []string
}

// reference reports whether a row does less than the job of its group: bare code,
// go-resiliency (which counts no successes), singleflight (which keeps no
// results) and a publish of rxgo's beside replays.
func reference(row string) bool {
	return referenceRows.MatchString(row)
}

var referenceRows = regexp.MustCompile(`^(bare.*|eapache|singleflight|loop|iter\..*|channels?|slice|mutex|rxgo-publish)$`)

// ours reports whether a row is quill's.
func ours(row string) bool { return quillRows.MatchString(row) }

var quillRows = regexp.MustCompile(`^quill(-.*)?$`)

func groups() []group {
	best := func(most float64) []bar { return []bar{{most: most}} }
	return []group{
		{name: "A1", title: "breaker alone", bars: best(0.5)},
		{name: "A1Par", title: "breaker alone, a caller on every processor", aim: "<= 0.5"},
		{name: "A2", title: "breaker and bulkhead; quill's command counts events and latencies as well", aim: "<= 0.55"},
		{name: "A3", title: "full job, cooperative", bars: best(0.4)},
		{name: "A3Done", title: "full job, cooperative, the body asks for its context's end", bars: best(0.75)},
		{name: "A3Leave", title: "full job, the caller is freed at the timeout", bars: best(0.55)},
		{name: "A4", title: "full job, cooperative, in a request's context", aim: "<= 0.5"},
		{name: "A4Done", title: "full job, cooperative, in a request's context, the body asks for its end", aim: "<= 0.9"},
		{name: "B", title: "breaker open, fallback (gobreaker counts nothing here)", bars: []bar{
			{most: 1.2, of: []string{"gobreaker"}},
			{most: 0.4, of: []string{"cep21", "cep21+stats", "failsafe", "hystrix-go"}},
		}},
		{name: "C", title: "body fails, fallback", bars: best(0.4)},
		{name: "D", title: "asynchronous, one call", bars: best(0.2)},
		{name: "D2", title: "asynchronous, a hundred calls", aim: "<= 0.2"},
		{name: "E", title: "bulkhead full, fallback", bars: best(0.7)},
		{name: "F", title: "request cache, hit", bars: best(0.4)},
		{name: "FScope", title: "request cache, a scope's life with one run and ninety-nine hits", base: "bare-syncmap", aim: "<= 0.7 of it"},
		{name: "I1", title: "contrib/hystrix: Do", bars: []bar{{most: 0.3}, {most: 1.0 / 3, allocs: true}}},
		{name: "I2", title: "contrib/hystrix: Go", bars: []bar{{most: 0.3}, {most: 1.0 / 3, allocs: true}}},
		{name: "J", title: "full job, the body asks for its end, ten thousand calls in flight", aim: "<= 0.75"},
		{name: "L", title: "a hundred requests in a full batch, beside a hundred commands of our own", bars: []bar{
			{most: 1.0 / 3, of: []string{"singles-pool", "singles-semaphore"}},
		}},
		{name: "G1", title: "a thousand items: range, map, filter, sum", bars: best(0.25)},
		{name: "G2", title: "one item: just, map, first", bars: best(0.2)},
		{name: "G3", title: "flatMap of a thousand items to scalars", bars: best(0.1)},
		{name: "G3Full", title: "flatMap of a thousand items to full streams of one item", bars: best(0.15)},
		{name: "G4Late", title: "a replay of a thousand items, three late observers", bars: best(0.25)},
		{name: "G4Live", title: "a replay of a thousand items, three observers from the start", bars: best(0.35)},
		{name: "G5", title: "merge of four asynchronous sources of a thousand items", bars: best(0.35)},
		{name: "G6", title: "ten thousand items to another goroutine", bars: best(0.12)},
		{name: "GScan", title: "a thousand items: range, scan, last", aim: "<= 0.25"},
		{name: "GBuffer", title: "a thousand items in buffers of ten", aim: "<= 0.25"},
		{name: "GConcat", title: "concatMap of a thousand items to scalars", aim: "<= 0.15"},
		{name: "GZip", title: "zip of two streams of a thousand items", aim: "<= 0.25"},
		{name: "GMerge", title: "merge of two synchronous streams of five hundred items", aim: "<= 0.25"},
		{name: "GFanOut", title: "a subject tells ten observers a thousand items", aim: "<= 0.35"},
	}
}

// chosen returns the groups whose name matches.
func chosen(all []group, want *regexp.Regexp) []group {
	var some []group
	for _, g := range all {
		if want.MatchString(g.name) {
			some = append(some, g)
		}
	}
	return some
}
