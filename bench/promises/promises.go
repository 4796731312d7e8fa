package main

// promise is one of the twelve, with the case that shows whether it is kept.
type promise struct {
	number int
	text   string
	play   func(l library) verdict
}

func promises() []promise {
	return []promise{
		{1, "At most N bodies alive, abandoned ones included", boundsBodies},
		{2, "Every permit and trial is released exactly once, however the body ends", releasesOnce},
		{3, "One trial at a time in half-open, and only it decides", boundsTrials},
		{4, "Half-open always ends, though the trial hangs", endsHalfOpen},
		{5, "A panic is an outcome: the caller is told, it is counted, nothing dies", survivesPanics},
		{6, "The fallback runs at most once, and never after success", fallsBackOnce},
		{7, "No event is lost", losesNoEvent},
		{8, "User code is never called under a lock", callsBackFreely},
		{9, "A caller leaving never disturbs those who share its execution", sharesFairly},
		{10, "After closing nothing runs on", leavesNothing},
		{11, "The whole behaviour follows a clock that can be given", followsClock},
		{12, "Late values are handed to a disposer", disposes},
	}
}
