package observable_test

import (
	"context"
	"runtime"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/quillgo/quill/observable"
)

func TestBehavior_Value(t *testing.T) {
	s := observable.NewBehaviorSubject[int]()
	_, ok := s.Value()
	require.False(t, ok)
	s.OnNext(1)
	v, ok := s.Value()
	require.True(t, ok)
	require.Equal(t, 1, v)

	of := observable.NewBehaviorSubjectOf(7)
	v, ok = of.Value()
	require.True(t, ok)
	require.Equal(t, 7, v)
}

func TestBehavior_NoValueAfterTheEnd(t *testing.T) {
	for _, failing := range []bool{false, true} {
		s := observable.NewBehaviorSubjectOf(7)
		if failing {
			s.OnError(errSubject)
		} else {
			s.OnComplete()
		}
		v, ok := s.Value()
		require.False(t, ok)
		require.Zero(t, v)
	}
}

func TestBehavior_ValueIsTheLatestEvenWhileOneIsTold(t *testing.T) {
	s := observable.NewBehaviorSubjectOf(0)
	l := &listener[int]{onNext: func(v int) {
		if v == 1 {
			s.OnNext(2)
			got, ok := s.Value()
			require.True(t, ok)
			require.Equal(t, 2, got)
			listen(s.Observable()).heard(t, "2")
		}
	}}
	s.Subscribe(context.Background(), l)
	s.OnNext(1)
	l.heard(t, "0 1 2")
}

// However a subscription falls among the items, it sees the latest and then all
// that follow.
func TestBehavior_NeitherGapNorDouble(t *testing.T) {
	for round := range rounds(500) {
		s := observable.NewBehaviorSubjectOf(0)
		const n = 50
		l := new(listener[int])
		var wg sync.WaitGroup
		wg.Go(func() { emit(s, 1, n); s.OnComplete() })
		wg.Go(func() {
			for range round % 20 {
				runtime.Gosched()
			}
			s.Subscribe(context.Background(), l)
		})
		wg.Wait()
		got := l.all()
		for i, v := range got {
			require.Equal(t, n-len(got)+1+i, v)
		}
		require.Equal(t, 1, l.ends)
		l.lawful(t)
	}
}
