package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"
)

// matrix is every promise played on every library.
type matrix struct {
	libraries []library
	promises  []promise
	verdicts  [][]verdict // by promise, then library
}

// processLimit is how long one case may take, and concurrent how many are played
// at a time: they mostly wait.
const (
	processLimit = 30 * time.Second
	concurrent   = 4
)

func playAll(libs []library, all []promise) (*matrix, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	m := &matrix{libraries: libs, promises: all, verdicts: make([][]verdict, len(all))}
	errs := make([]error, len(all)*len(libs))
	slots := make(chan struct{}, concurrent)
	var playing sync.WaitGroup
	for i, p := range all {
		m.verdicts[i] = make([]verdict, len(libs))
		for j, l := range libs {
			playing.Go(func() {
				slots <- struct{}{}
				defer func() { <-slots }()
				m.verdicts[i][j], errs[i*len(libs)+j] = playApart(self, l.name, p.number)
			})
		}
	}
	playing.Wait()
	return m, errors.Join(errs...)
}

// playApart plays a case in a process of its own.
func playApart(self, library string, number int) (verdict, error) {
	ctx, cancel := context.WithTimeout(context.Background(), processLimit)
	defer cancel()
	cmd := exec.CommandContext(ctx, self, "-play", library+"/"+strconv.Itoa(number))
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	var v verdict
	switch {
	case ctx.Err() != nil:
		return broken("the process hangs"), nil
	case err == nil:
		err = json.Unmarshal(stdout.Bytes(), &v)
		return v, err
	case died.Match(stderr.Bytes()):
		return broken("the process dies: %s", died.FindSubmatch(stderr.Bytes())[1]), nil
	}
	return v, fmt.Errorf("%s/%d: %w\n%s", library, number, err, &stderr)
}

// died finds why Go ended a process.
var died = regexp.MustCompile(`(?m)^((?:panic|fatal error): .+)$`)

// playOne plays a case in this process and prints the verdict.
func playOne(name string) error {
	which, text, _ := strings.Cut(name, "/")
	number, err := strconv.Atoi(text)
	if err != nil {
		return fmt.Errorf("%q is not library/number: %w", name, err)
	}
	for _, l := range libraries() {
		for _, p := range promises() {
			if l.name == which && p.number == number {
				return json.NewEncoder(os.Stdout).Encode(p.play(l))
			}
		}
	}
	return fmt.Errorf("there is no library and promise %q", name)
}

func (m *matrix) markdown() string {
	var w strings.Builder
	w.WriteString("| promise |")
	for _, l := range m.libraries {
		fmt.Fprintf(&w, " %s |", l.name)
	}
	w.WriteString("\n|---|" + strings.Repeat("---|", len(m.libraries)) + "\n")
	for i, p := range m.promises {
		fmt.Fprintf(&w, "| %d. %s |", p.number, p.text)
		for j := range m.libraries {
			fmt.Fprintf(&w, " %s |", m.verdicts[i][j])
		}
		w.WriteByte('\n')
	}
	return w.String()
}

func (v verdict) String() string {
	word := "not offered"
	switch {
	case v.Kept:
		return "kept"
	case v.Offered:
		word = "**broken**"
	}
	if v.Note == "" {
		return word
	}
	return word + ": " + v.Note
}

// broken returns an error that names the promises that quill does not keep.
func (m *matrix) broken() error {
	var errs []error
	for i, p := range m.promises {
		for j, l := range m.libraries {
			if v := m.verdicts[i][j]; quills(l.name) && !v.Kept {
				errs = append(errs, fmt.Errorf("%s, promise %d: %v", l.name, p.number, v))
			}
		}
	}
	return errors.Join(errs...)
}
