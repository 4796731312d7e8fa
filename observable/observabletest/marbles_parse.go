package observabletest

import (
	"fmt"
	"strings"
	"time"
	"unicode"
)

// role is what a diagram is of: it decides which characters it may have.
type role int

const (
	roleCold role = iota
	roleHot
	roleExpected
	roleSubscription
	roleTime
)

// mark is something that happens in a diagram: an item's letter, or one of the
// characters | # ^ !.
type mark struct {
	at   time.Duration // from frame 0; negative in front of a hot source's '^'
	what rune
}

// diagram is a parsed marble string.
type diagram struct {
	text   string
	marks  []mark
	length time.Duration // from frame 0 to the end
	prefix time.Duration // in front of frame 0
}

// longest is the longest time that a diagram may take.
const longest = 100 * 365 * 24 * time.Hour

// badMarbles is a mistake in a diagram.
type badMarbles struct {
	text    string
	column  int // from 1, in characters
	problem string
	right   string // what would be right
}

func (b *badMarbles) Error() string {
	oneLine := strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) {
			return ' '
		}
		return r
	}, b.text)
	return fmt.Sprintf("marbles %q, column %d: %s; %s\n\t%s\n\t%s^",
		b.text, b.column, b.problem, b.right, oneLine, strings.Repeat(" ", b.column-1))
}

// marbleParser is a parse in progress.
type marbleParser struct {
	text  []rune
	frame time.Duration
	as    role
	known func(rune) error

	d     diagram
	clock time.Duration
	group int           // the column of the '(' that is open, or 0
	start time.Duration // of the group
	inner int           // how many signals the group has
	zero  int           // the column of the '^', or 0
	end   int           // the column of the end ('|', '#' or '!'), or 0
}

// parseMarbles parses text. known says for a character whether it is an item,
// and if not why.
func parseMarbles(text string, frame time.Duration, as role, known func(rune) error) (diagram, *badMarbles) {
	p := &marbleParser{text: []rune(text), frame: frame, as: as, known: known, d: diagram{text: text}}
	for i := 0; i < len(p.text); {
		n, bad := p.step(i)
		if bad == nil && p.clock > longest {
			bad = p.bad(i, "the diagram is too long", "it may take "+longest.String())
		}
		if bad != nil {
			return diagram{}, bad
		}
		i += n
	}
	if bad := p.finish(); bad != nil {
		return diagram{}, bad
	}
	return p.d, nil
}

func (p *marbleParser) bad(i int, problem, right string) *badMarbles {
	return &badMarbles{string(p.text), i + 1, problem, right}
}

// step reads what begins at i and returns how long it is.
func (p *marbleParser) step(i int) (int, *badMarbles) {
	c := p.text[i]
	if unicode.IsSpace(c) {
		return 1, nil
	}
	if d, n := p.progress(i); n > 0 {
		if p.group > 0 {
			return 0, p.bad(i, "time cannot pass inside a group", "close the group with ) before it")
		}
		if d > longest {
			d = longest + 1
		}
		p.clock += d
		return n, nil
	}
	var bad *badMarbles
	switch c {
	case '-':
		if p.group > 0 {
			bad = p.bad(i, "time cannot pass inside a group", "close the group with ) before it")
		}
	case '(':
		bad = p.openGroup(i)
	case ')':
		bad = p.closeGroup(i)
	case '^':
		bad = p.subscription(i)
	case '!':
		bad = p.disposal(i)
	case '|', '#':
		bad = p.terminal(i)
	default:
		bad = p.item(i)
	}
	p.clock += min(p.frame, longest+1)
	return 1, bad
}

// progress returns the time that is written at i, between blanks, and the
// length of its text.
func (p *marbleParser) progress(i int) (time.Duration, int) {
	if !unicode.IsDigit(p.text[i]) || i > 0 && !unicode.IsSpace(p.text[i-1]) {
		return 0, 0
	}
	end := i
	for end < len(p.text) && !unicode.IsSpace(p.text[end]) {
		end++
	}
	if !unicode.IsLetter(p.text[end-1]) {
		return 0, 0 // "0" would be a duration
	}
	d, err := time.ParseDuration(string(p.text[i:end]))
	if err != nil {
		return 0, 0
	}
	return d, end - i
}

func (p *marbleParser) openGroup(i int) *badMarbles {
	if p.as == roleTime {
		return p.item(i)
	}
	if p.group > 0 {
		return p.bad(i, "a group inside a group", "close the one before with )")
	}
	p.group, p.start, p.inner = i+1, p.clock, 0
	return nil
}

func (p *marbleParser) closeGroup(i int) *badMarbles {
	switch {
	case p.group == 0:
		return p.bad(i, "no group is open", "begin it with ( or leave this out")
	case p.inner == 0:
		return p.bad(p.group-1, "the group is empty", "put its signals between ( and ), or write -- for time in which nothing happens")
	}
	p.group = 0
	return nil
}

func (p *marbleParser) subscription(i int) *badMarbles {
	switch {
	case p.as == roleCold:
		return p.bad(i, "a cold source begins when it is subscribed to", "leave the ^ out, or make the source with Hot")
	case p.as == roleExpected:
		return p.bad(i, "when to subscribe is not part of what is expected", `leave the ^ out, and use During("^---!")`)
	case p.as == roleTime:
		return p.item(i)
	case p.zero > 0:
		return p.bad(i, fmt.Sprintf("a second ^, after the one in column %d", p.zero), "leave one of them out")
	case p.as == roleHot && p.group > 0:
		return p.bad(i, "the ^ of a hot source is frame 0, not a signal", "put it before or after the group")
	}
	p.zero = i + 1
	if p.as == roleHot {
		p.d.prefix = p.clock
		return nil
	}
	return p.add(i)
}

func (p *marbleParser) disposal(i int) *badMarbles {
	switch {
	case p.as == roleTime:
		return p.item(i)
	case p.as != roleSubscription:
		return p.bad(i, "! ends a subscription, not a stream",
			`use | or # here, and ! in During("^---!") or ExpectSubscriptions("^---!")`)
	case p.zero == 0:
		return p.bad(i, "! before the ^", "begin the subscription with ^")
	}
	return p.ended(i)
}

func (p *marbleParser) terminal(i int) *badMarbles {
	if p.as == roleSubscription || p.as == roleTime && p.text[i] == '#' {
		return p.item(i)
	}
	return p.ended(i)
}

func (p *marbleParser) ended(i int) *badMarbles {
	if bad := p.add(i); bad != nil {
		return bad
	}
	p.end = i + 1
	return nil
}

func (p *marbleParser) item(i int) *badMarbles {
	switch {
	case p.as == roleSubscription:
		return p.bad(i, fmt.Sprintf("%q in the diagram of a subscription", p.text[i]), "it has one ^ and at most one ! after it, and time")
	case p.as == roleTime:
		return p.bad(i, fmt.Sprintf("%q in the diagram of a time", p.text[i]), "it has a | at its end, and nothing but time before it")
	case p.text[i] == '?':
		return p.bad(i, "? cannot be an item, it is for those without a letter in failures", "use another letter")
	}
	if p.end == 0 {
		if err := p.known(p.text[i]); err != nil {
			right := "add it to the map, or correct the letter"
			if unicode.IsDigit(p.text[i]) {
				right += "; a time is written between blanks, as in \"- 10ms -\""
			}
			return p.bad(i, err.Error(), right)
		}
	}
	return p.add(i)
}

// add notes the signal at i.
func (p *marbleParser) add(i int) *badMarbles {
	if p.end > 0 {
		return p.bad(i, fmt.Sprintf("%q after the end in column %d", p.text[i], p.end), "leave one of them out")
	}
	at := p.clock
	if p.group > 0 {
		at = p.start
		p.inner++
	}
	p.d.marks = append(p.d.marks, mark{at, p.text[i]})
	return nil
}

func (p *marbleParser) finish() *badMarbles {
	switch {
	case p.group > 0:
		return p.bad(p.group-1, "the group is not closed", "end it with )")
	case p.as == roleSubscription && p.zero == 0:
		return p.bad(len(p.text), "the subscription does not begin", `put a ^ where it does, as in "--^---!"`)
	case p.as == roleTime && p.end == 0:
		return p.bad(len(p.text), "the time has no end", `put a | there, as in "---|"`)
	}
	for i := range p.d.marks {
		p.d.marks[i].at -= p.d.prefix
	}
	p.d.length = p.clock - p.d.prefix
	return nil
}
