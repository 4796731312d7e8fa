// Package bench measures quill beside the other resilience libraries for Go, and
// beside bare references, in one run. Everything is in its tests: one Benchmark
// function for each group, with a sub-benchmark for each row. Command compare runs
// them in interleaved passes and judges the medians; command promises plays
// failure cases. See README.md.
package bench
