package observabletest

import (
	"fmt"
	"strings"
	"time"
	"unicode"
)

// dashes is the longest run of '-' that is drawn; more is a time.
const dashes = 50

// special reports whether a character cannot be drawn as an item's letter.
func special(c rune) bool { return strings.ContainsRune("-()|#^! ?", c) || !unicode.IsPrint(c) }

// draw returns the diagram of marks in order of time. What no diagram can say,
// because a group has no room, is listed with its times instead.
func draw(marks []mark, frame time.Duration) string {
	var b strings.Builder
	clock := time.Duration(0)
	for i := 0; i < len(marks); {
		at := marks[i].at
		group := string(marks[i].what)
		n := 1
		for ; i+n < len(marks) && marks[i+n].at == at; n++ {
			group += string(marks[i+n].what)
		}
		width := n
		if n > 1 {
			group, width = "("+group+")", n+2
		}
		gap := at - clock
		switch {
		case gap < 0:
			return list(marks)
		case gap%frame == 0 && gap/frame <= dashes:
			b.WriteString(strings.Repeat("-", int(gap/frame)))
		default:
			b.WriteString(pause(b.Len() == 0, gap))
		}
		b.WriteString(group)
		clock = at + time.Duration(width)*frame
		i += n
	}
	return b.String()
}

// pause is how a diagram says that time passes.
func pause(first bool, d time.Duration) string {
	if first {
		return d.String() + " "
	}
	return " " + d.String() + " "
}

// list is the other way to show marks: at which time there is what.
func list(marks []mark) string {
	var all []string
	for i, m := range marks {
		if i > 0 && marks[i-1].at == m.at {
			all[len(all)-1] += string(m.what)
			continue
		}
		all = append(all, fmt.Sprintf("%v:%c", m.at, m.what))
	}
	return strings.Join(all, " ")
}

// comparison is the text of a failure: what came under what was wanted.
func comparison(want, got []mark, frame time.Duration) string {
	orNothing := func(marks []mark) string {
		if len(marks) == 0 {
			return "(nothing)"
		}
		return draw(marks, frame)
	}
	return fmt.Sprintf("want: %s\n got: %s", orNothing(want), orNothing(got))
}
