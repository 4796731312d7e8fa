//go:build unix

package config_test

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/quillgo/quill/config"
)

// TestFile_StopDuringALook: who stops while the file is being read hears no more
// of it, and does not wait. The file is a pipe, so that reading it takes as long as
// the test wants.
func TestFile_StopDuringALook(t *testing.T) {
	path := filepath.Join(t.TempDir(), "quill.json")
	write(t, path, content(100))
	src := config.File(path, config.FileOptions{Interval: -1})
	told := 0
	stop, err := src.Watch(func() { told++ })
	require.NoError(t, err)
	require.NoError(t, os.Remove(path))
	require.NoError(t, syscall.Mkfifo(path, 0o600))
	read := make(chan struct{})
	go func() { defer close(read); src.Reload() }()
	pipe, err := os.OpenFile(path, os.O_WRONLY, 0) // waits until it is being read
	require.NoError(t, err)
	stop()
	_, err = pipe.WriteString(content(200))
	require.NoError(t, err)
	require.NoError(t, pipe.Close())
	<-read
	require.Zero(t, told)
}
