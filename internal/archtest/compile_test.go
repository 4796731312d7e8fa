//go:build !race

package archtest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// TestCompile measures what small packages take to compile: the time it says (go
// test -v), the number of functions it checks. Most are the methods of generic
// types and what they need, which the compiler makes whether they are called or
// not, also of the types that a type mentions (ADR 0001). It is not for the race
// detector, which makes the same functions.
func TestCompile(t *testing.T) {
	for _, test := range []struct {
		name  string
		of    string // counts the functions of this package
		types int    // how many types the functions are divided by
		most  int    // for each type
		cause string
	}{
		{"tentypes", "quill/observable.", 12, 1000, "has a method of Observable come to need much more?"}, // with int and string
		{"onecommand", "quill/", 1, 2500, "does a type that a command mentions now mention an Observable of a type of its own?"},
	} {
		t.Run(test.name, func(t *testing.T) {
			functions, took := compile(t, filepath.Join("testdata", test.name), test.of)
			t.Logf("%d functions of %s, %d for each of %d types; %v of processor time", functions, test.of, functions/test.types, test.types, took)
			if functions < 1000 {
				t.Errorf("only %d functions were found: this test no longer reads the archive", functions)
			}
			if each := functions / test.types; each > test.most {
				t.Errorf("each type has %d functions compiled, want at most %d: %s", each, test.most, test.cause)
			}
		})
	}
}

// compile builds the package in dir, whose only file is user.go, and counts the
// functions in it that belong to a package whose path has of in it.
func compile(t *testing.T, dir, of string) (functions int, took time.Duration) {
	t.Helper()
	dir, err := filepath.Abs(dir)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "user.go")
	source, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	// A comment of its own, so that it is compiled and not found in the cache.
	temp := t.TempDir()
	changed := filepath.Join(temp, "user.go")
	if err := os.WriteFile(changed, fmt.Appendf(source, "// %d\n", time.Now().UnixNano()), 0o600); err != nil {
		t.Fatal(err)
	}
	overlay, err := json.Marshal(map[string]any{"Replace": map[string]string{file: changed}})
	if err != nil {
		t.Fatal(err)
	}
	replace, archive := filepath.Join(temp, "overlay.json"), filepath.Join(temp, "user.a")
	if err := os.WriteFile(replace, overlay, 0o600); err != nil {
		t.Fatal(err)
	}
	run := func(args ...string) ([]byte, *os.ProcessState) {
		t.Helper()
		cmd := exec.Command("go", args...)
		cmd.Dir = dir
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("go %v: %v\n%s", args, err, out)
		}
		return out, cmd.ProcessState
	}
	run("build", "github.com/quillgo/quill/command")
	_, state := run("build", "-overlay", replace, "-o", archive, ".")
	symbols, _ := run("tool", "nm", archive)
	for line := range bytes.Lines(symbols) {
		if bytes.Contains(line, []byte(" T ")) && bytes.Contains(line, []byte(of)) {
			functions++
		}
	}
	return functions, state.UserTime() + state.SystemTime()
}
