package main

import (
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// The test binary plays single cases as the program does, in a process of its
// own.
func TestMain(m *testing.M) {
	if len(os.Args) == 3 && os.Args[1] == "-play" {
		main()
		return
	}
	os.Exit(m.Run())
}

// inBubble plays a case in virtual time.
func inBubble(t *testing.T, l library, p promise) (v verdict) {
	t.Helper()
	synctest.Test(t, func(*testing.T) {
		v = p.play(l)
		time.Sleep(10 * never) // eapache's goroutines sleep as long as its breakers
	})
	return v
}

func TestQuillKeepsEveryPromise(t *testing.T) {
	for _, l := range libraries() {
		if !quills(l.name) {
			continue
		}
		for _, p := range promises() {
			t.Run(l.name+"/"+p.text, func(t *testing.T) {
				if v := inBubble(t, l, p); !v.Kept {
					t.Errorf("promise %d: %v", p.number, v)
				}
			})
		}
	}
}

// What the peers do at the versions of go.mod: each case has to find the
// failure that it is there for, and nothing where there is none. hystrix-go, whose
// goroutines never end, cannot be played in a bubble.
func TestPeersInProcess(t *testing.T) {
	const (
		k = "kept"
		b = "broken"
		n = "not offered"
		x = "" // kills the process or hangs it
	)
	want := map[string][12]string{ // promises 1 to 12
		"failsafe-go":  {k, b, b, b, x, k, k, k, n, k, n, b},
		"cep21":        {k, k, b, k, b, k, k, k, n, k, b, n},
		"cep21.Go":     {b, k, b, k, b, b, k, k, n, k, b, n},
		"gobreaker":    {n, b, k, b, k, n, k, x, n, k, n, n},
		"eapache":      {n, k, b, k, k, n, n, n, n, b, n, n},
		"singleflight": {n, n, n, n, n, n, n, n, b, n, n, n},
	}
	for _, l := range libraries() {
		for i, p := range promises() {
			if want := want[l.name][i]; want != x {
				t.Run(l.name+"/"+p.text, func(t *testing.T) {
					if v := inBubble(t, l, p); word(v) != want {
						t.Errorf("promise %d: %v, want %s", p.number, v, want)
					}
				})
			}
		}
	}
}

// The failures that cannot be had in the test's own process.
func TestPeersApart(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		library string
		number  int
		note    string
	}{
		{"failsafe-go", 5, "the process dies: panic: boom"},
		{"gobreaker", 8, "a listener that asks its breaker waits for ever"},
		{"hystrix-go", 1, "bodies alive"},
		{"hystrix-go", 7, "successes lost"},
	} {
		t.Run(test.library, func(t *testing.T) {
			t.Parallel()
			v, err := playApart(self, test.library, test.number)
			if err != nil {
				t.Fatal(err)
			}
			if v.Kept || !strings.Contains(v.Note, test.note) {
				t.Errorf("promise %d: %v, want %q", test.number, v, test.note)
			}
		})
	}
}

func word(v verdict) string {
	switch {
	case v.Kept:
		return "kept"
	case v.Offered:
		return "broken"
	}
	return "not offered"
}

func TestMatrix(t *testing.T) {
	m := &matrix{
		libraries: []library{{name: "quill"}, {name: "peer"}},
		promises:  []promise{{1, "one", nil}, {2, "two", nil}},
		verdicts:  [][]verdict{{kept(), broken("%d lost", 3)}, {kept(), notOffered("")}},
	}
	want := `| promise | quill | peer |
|---|---|---|
| 1. one | kept | **broken**: 3 lost |
| 2. two | kept | not offered |
`
	if got := m.markdown(); got != want {
		t.Errorf("the matrix is\n%s\nwant\n%s", got, want)
	}
	if err := m.broken(); err != nil {
		t.Errorf("a peer's broken promise gave %v", err)
	}
	m.verdicts[1][0] = notOffered("")
	if err := m.broken(); err == nil || !strings.Contains(err.Error(), "quill, promise 2") {
		t.Errorf("a promise that quill does not offer gave %v", err)
	}
}

func TestPlayOneRefusesNonsense(t *testing.T) {
	for _, name := range []string{"quill", "quill/x", "quill/13", "nobody/1"} {
		if err := playOne(name); err == nil {
			t.Errorf("%q was played", name)
		}
	}
}
