package observabletest

// NoLeakWithin is NoLeak with less patience, for tests in real time.
var NoLeakWithin = noLeak
