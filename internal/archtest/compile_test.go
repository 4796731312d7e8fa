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

// mostFunctions is how many functions of package observable a program may have
// compiled into it for each item type that it uses. Most are the methods of
// Observable and what they need, which the compiler makes whether they are called
// or not (ADR 0001).
const mostFunctions = 1000

// TestCompile measures what a small package with ten item types takes to
// compile: the time it says (go test -v), the number of functions it checks. It is
// not for the race detector, which makes the same functions.
func TestCompile(t *testing.T) {
	const types = 12 // with int and string
	dir, err := filepath.Abs(filepath.Join("testdata", "tentypes"))
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
	run("build", "github.com/quillgo/quill/observable")
	_, state := run("build", "-overlay", replace, "-o", archive, ".")
	symbols, _ := run("tool", "nm", archive)
	functions := 0
	for line := range bytes.Lines(symbols) {
		if bytes.Contains(line, []byte(" T ")) && bytes.Contains(line, []byte("quill/observable.")) {
			functions++
		}
	}
	t.Logf("%d item types: %d functions of package observable, %d for each; %v of processor time",
		types, functions, functions/types, state.UserTime()+state.SystemTime())
	if functions < 1000 {
		t.Errorf("only %d functions were found: this test no longer reads the archive", functions)
	}
	if functions/types > mostFunctions {
		t.Errorf("each item type has %d functions compiled, want at most %d: has a method of Observable come to need much more?", functions/types, mostFunctions)
	}
}
