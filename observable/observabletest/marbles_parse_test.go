package observabletest

import (
	"errors"
	"math"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func anyLetter(rune) error { return nil }

func TestParseMarbles(t *testing.T) {
	type marks = []mark
	for _, c := range []struct {
		text           string
		as             role
		want           []mark // in frames
		length, prefix time.Duration
	}{
		{"", roleCold, nil, 0, 0},
		{"-a-|", roleCold, marks{{1, 'a'}, {3, '|'}}, 4, 0},
		{" - a\n- |", roleCold, marks{{1, 'a'}, {3, '|'}}, 4, 0},
		{"-(ab)-#", roleCold, marks{{1, 'a'}, {1, 'b'}, {6, '#'}}, 7, 0},
		{"-( a b )-#", roleExpected, marks{{1, 'a'}, {1, 'b'}, {6, '#'}}, 7, 0},
		{"a 9ns b", roleCold, marks{{0, 'a'}, {10, 'b'}}, 11, 0},
		{"9ns b 2ns", roleCold, marks{{9, 'b'}}, 12, 0},
		{"a 1us2ns b", roleCold, marks{{0, 'a'}, {1003, 'b'}}, 1004, 0},
		{"a 0 b 5", roleCold, marks{{0, 'a'}, {1, '0'}, {2, 'b'}, {3, '5'}}, 4, 0},
		{"a9ns 9x", roleCold, marks{{0, 'a'}, {1, '9'}, {2, 'n'}, {3, 's'}, {4, '9'}, {5, 'x'}}, 6, 0},
		{"a--^-b|", roleHot, marks{{-3, 'a'}, {2, 'b'}, {3, '|'}}, 4, 3},
		{"^-b", roleHot, marks{{2, 'b'}}, 3, 0},
		{"-b 3ns ^", roleHot, marks{{-4, 'b'}}, 1, 5},
		{"--^--!-", roleSubscription, marks{{2, '^'}, {5, '!'}}, 7, 0},
		{"(^!)", roleSubscription, marks{{0, '^'}, {0, '!'}}, 4, 0},
		{"- 5ns |", roleTime, marks{{6, '|'}}, 7, 0},
	} {
		d, bad := parseMarbles(c.text, 1, c.as, anyLetter)
		require.Nil(t, bad, c.text)
		assert.Equal(t, diagram{c.text, c.want, c.length, c.prefix}, d, c.text)
	}
}

// What is drawn is read back as what it was, unless it is a list.
func TestDraw_RoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		frame := time.Duration(rapid.SampledFrom([]int{1, 10, 1e6, 1e9}).Draw(t, "frame"))
		var marks []mark
		at := time.Duration(0)
		for range rapid.IntRange(0, 6).Draw(t, "marks") {
			switch rapid.IntRange(0, 4).Draw(t, "gap") {
			case 0:
				at += frame * time.Duration(rapid.IntRange(0, 3).Draw(t, "few"))
			case 1:
				at += frame * time.Duration(rapid.IntRange(1, 200).Draw(t, "many"))
			case 2:
				at += frame + time.Duration(rapid.Int64Range(0, 1e9).Draw(t, "odd"))
			default:
				at += frame
			}
			marks = append(marks, mark{at, rapid.SampledFrom([]rune("abcä")).Draw(t, "letter")})
		}
		if rapid.Bool().Draw(t, "ends") {
			marks = append(marks, mark{at, '|'})
		}
		text := draw(marks, frame)
		if strings.Contains(text, ":") {
			require.Equal(t, list(marks), text)
			return
		}
		d, bad := parseMarbles(text, frame, roleExpected, anyLetter)
		require.Nil(t, bad, text)
		require.True(t, slices.Equal(marks, d.marks), "%q: %v, want %v", text, d.marks, marks)
	})
}

func FuzzParseMarbles(f *testing.F) {
	for _, s := range []string{"-a-b-|", "a--^-b(c|)", "a 10ms b", "^--!", "(ab", "1h30m a", "-?-", "\xff", "- 9999999h |"} {
		for as := roleCold; as <= roleTime; as++ {
			f.Add(s, int(as), int64(time.Millisecond))
		}
	}
	f.Add("800000h -", int(roleCold), int64(math.MaxInt64))
	vowel := errors.New("a vowel")
	f.Fuzz(func(t *testing.T, s string, as int, frame int64) {
		if as < 0 || as > int(roleTime) || frame <= 0 {
			return
		}
		d, bad := parseMarbles(s, time.Duration(frame), role(as), func(r rune) error {
			if strings.ContainsRune("aeiou", r) {
				return vowel
			}
			return nil
		})
		if bad != nil {
			if n := len([]rune(s)); bad.column < 1 || bad.column > n+1 || bad.problem == "" || bad.right == "" {
				t.Fatalf("%q: %#v", s, bad)
			}
			_ = bad.Error()
			return
		}
		if d.length < 0 || d.prefix < 0 || d.length > longest || d.prefix > longest {
			t.Fatalf("%q takes %v and %v", s, d.length, d.prefix)
		}
		last := -d.prefix
		for i, m := range d.marks {
			if m.at < last || m.at > d.length {
				t.Fatalf("%q: %v", s, d.marks)
			}
			if strings.ContainsRune("|#!", m.what) && i != len(d.marks)-1 || unicode.IsSpace(m.what) || strings.ContainsRune("aeiou?()-", m.what) {
				t.Fatalf("%q: mark %q", s, m.what)
			}
			last = m.at
		}
		if role(as) != roleHot {
			_ = draw(d.marks, time.Duration(frame))
		}
	})
}
