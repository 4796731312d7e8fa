// Package patterns has the ways in which known programs use hystrix-go, written
// anew and small: each file is one of them. They are compiled against the shim and,
// by a test, with nothing changed but the import path, against the original.
package patterns
