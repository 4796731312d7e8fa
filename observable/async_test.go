package observable_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/quillgo/quill/observable"
)

func TestAsync_TellsNothingBeforeTheEnd(t *testing.T) {
	s := observable.NewAsyncSubject[int]()
	early := listen(s.Observable())
	emit(s, 1, 3)
	early.heard(t, "")
	_, ok := s.Value()
	require.False(t, ok)
	after := listen(s.Observable())
	s.OnComplete()
	early.heard(t, "3 |")
	after.heard(t, "3 |")
	v, ok := s.Value()
	require.True(t, ok)
	require.Equal(t, 3, v)
	listen(s.Observable()).heard(t, "3 |")
}

func TestAsync_WithoutAnItem(t *testing.T) {
	s := observable.NewAsyncSubject[int]()
	early := listen(s.Observable())
	s.OnComplete()
	early.heard(t, "|")
	_, ok := s.Value()
	require.False(t, ok)
}

func TestAsync_ErrorForgetsTheItem(t *testing.T) {
	s := observable.NewAsyncSubject[int]()
	early := listen(s.Observable())
	s.OnNext(1)
	s.OnError(errSubject)
	early.heard(t, "# boom")
	_, ok := s.Value()
	require.False(t, ok)
	listen(s.Observable()).heard(t, "# boom")
}

func TestAsync_DisposedInsideItsItemGetsNoEnd(t *testing.T) {
	s := observable.NewAsyncSubject[int]()
	l := new(listener[int])
	l.onNext = func(int) { l.dispose() }
	s.Subscribe(t.Context(), l)
	s.OnNext(1)
	s.OnComplete()
	l.heard(t, "1")
}

func TestAsync_PanickingObserverIsFailedAlone(t *testing.T) {
	s := observable.NewAsyncSubject[int]()
	bad := &listener[int]{onNext: func(int) { panic(errSubject) }}
	s.Subscribe(t.Context(), bad)
	last := listen(s.Observable())
	s.OnNext(1)
	s.OnComplete()
	require.ErrorIs(t, bad.err, errSubject)
	require.Equal(t, 1, bad.ends)
	last.heard(t, "1 |")
}
