// Package dashboard tests the streams of contrib/quillhttp with a client that is
// not ours: Netflix's own Hystrix Dashboard, in a browser. Its tests need that
// dashboard and Chromium, so they are built with the tag dashboard only; make
// dashboard-test installs both and runs them.
package dashboard
