// Command promises plays the failure cases behind quill's twelve promises on
// quill and on each library that can play them, and prints a Markdown matrix of
// promise and library: kept, broken with what was observed, or not offered. It
// exits with 1 if quill breaks one. It runs in the bench module's directory:
//
//	go run ./promises                          # everything, under a minute
//	go run ./promises -play 'hystrix-go/1'     # one case on one library
//
// Each case is played in a process of its own, with a time limit: some of them
// kill the process or hang it.
package main

import (
	"flag"
	"fmt"
	"os"
)

func main() {
	play := flag.String("play", "", "play one case, `library/number`, in this process, and print its verdict as JSON")
	flag.Parse()
	if err := run(*play); err != nil {
		fmt.Fprintln(os.Stderr, "promises:", err)
		os.Exit(1)
	}
}

func run(play string) error {
	if play != "" {
		return playOne(play)
	}
	m, err := playAll(libraries(), promises())
	if err != nil {
		return err
	}
	fmt.Print(m.markdown())
	return m.broken()
}
