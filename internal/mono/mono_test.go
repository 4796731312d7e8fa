package mono_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/benbjohnson/clock"
	"go.uber.org/goleak"

	"github.com/quillgo/quill/internal/mono"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestClock_CountsFromItsEpoch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		c := mono.New(nil)
		time.Sleep(3 * time.Second)
		if c.Now() != 3*time.Second || !c.Epoch().Equal(begin) || c.Mocked() || c.Source() != nil {
			t.Errorf("Now %v, Epoch %v, Mocked %v, Source %v", c.Now(), c.Epoch(), c.Mocked(), c.Source())
		}
	})
	mock := clock.NewMock()
	mock.Add(time.Hour)
	c := mono.New(mock)
	begin := mock.Now()
	mock.Add(3 * time.Second)
	if c.Now() != 3*time.Second || !c.Epoch().Equal(begin) || !c.Mocked() || c.Source() != mock {
		t.Errorf("Now %v, Epoch %v, Mocked %v, Source %v", c.Now(), c.Epoch(), c.Mocked(), c.Source())
	}
}

func TestTimer_Real(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := mono.New(nil)
		fired := make(chan time.Duration, 1)
		timer := c.AfterFunc(time.Second, func() { fired <- c.Now() })
		if at := <-fired; at != time.Second {
			t.Errorf("fired at %v", at)
		}
		if timer.Stop() {
			t.Error("Stop stopped a timer that had fired")
		}
		if !timer.Reset(2 * time.Second) {
			t.Error("a real timer could not be reset")
		}
		if at := <-fired; at != 3*time.Second {
			t.Errorf("fired at %v", at)
		}
		timer.Reset(time.Second)
		if !timer.Stop() {
			t.Error("Stop did not stop")
		}
		time.Sleep(time.Minute)
		if len(fired) > 0 {
			t.Error("a stopped timer fired")
		}
	})
}

func TestTimer_Mocked(t *testing.T) {
	mock := clock.NewMock()
	c := mono.New(mock)
	fired := make(chan time.Duration, 2)
	fire := func() { fired <- c.Now() }
	timer := c.AfterFunc(time.Second, fire)
	mock.Add(999 * time.Millisecond)
	if len(fired) > 0 {
		t.Error("fired too early")
	}
	mock.Add(time.Millisecond)
	if at := <-fired; at != time.Second {
		t.Errorf("fired at %v", at)
	}
	if timer.Reset(time.Second) {
		t.Error("a mocked timer was reset")
	}
	timer = c.AfterFunc(time.Second, fire)
	if !timer.Stop() {
		t.Error("Stop did not stop")
	}
	mock.Add(time.Minute)
	if len(fired) > 0 {
		t.Error("a stopped timer fired")
	}
	c.AfterFunc(0, fire) // at once, without the mock's help
	if at := <-fired; at != c.Now() {
		t.Errorf("fired at %v", at)
	}
	if c.AfterFunc(-time.Second, fire).Stop() {
		t.Error("Stop stopped a timer that had fired")
	}
	<-fired
}

func TestTimer_ZeroHasFired(t *testing.T) {
	var timer mono.Timer
	if timer.Stop() || timer.Reset(time.Second) {
		t.Error("the zero Timer is pending")
	}
}
