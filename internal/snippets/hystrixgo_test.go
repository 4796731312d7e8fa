//go:build !race

package snippets

import "testing"

// TestFromHystrixGo_Tests: each difference on the page for hystrix-go's users
// names tests, which exist.
func TestFromHystrixGo_Tests(t *testing.T) {
	page := read(t, "docs", "from-hystrix-go.md")
	named, known := 0, map[string]map[string]bool{}
	for _, d := range differences(page) {
		if d.tests == nil && d.text[:4] == "- **" {
			t.Errorf("%q: no test is named, want `package: Test`", d.text)
		}
		for _, name := range d.tests {
			named++
			if known[name.dir] == nil {
				known[name.dir] = testsOf(t, name.dir)
			}
			if !known[name.dir][name.name] {
				t.Errorf("from-hystrix-go.md: package %s has no %s", name.dir, name.name)
			}
		}
	}
	if like := testLike.FindAllString(page, -1); named < 25 || len(like) != named {
		t.Errorf("the page names %d tests, of which %d are told with their package, want all, and 25 or more", len(like), named)
	}
}
