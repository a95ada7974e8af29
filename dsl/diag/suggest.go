package diag

import (
	"strings"
	"unicode"
)

// Suggest is the candidate that was probably meant by name, or "". It folds
// case and `_`, counts a swap of neighbours as one mistake, and allows about
// one mistake in three letters; names under three letters get no suggestion,
// except for differences of case and `_`. Of equally near candidates the one
// with the longer common beginning wins, then the earlier one.
func Suggest(name string, candidates []string) string {
	best, bestDistance, bestPrefix := "", 1<<30, -1
	n := fold(name)
	limit := allowed(len(n))
	for _, c := range candidates {
		if c == name {
			continue
		}
		f := fold(c)
		d := distance(n, f, min(limit, bestDistance))
		if d > limit || len(f) < 3 && d > 0 || d > bestDistance {
			continue
		}
		p := prefix(n, f)
		if d < bestDistance || p > bestPrefix {
			best, bestDistance, bestPrefix = c, d, p
		}
	}
	return best
}

func allowed(letters int) int {
	switch {
	case letters < 3:
		return 0
	case letters < 6:
		return 1
	case letters < 10:
		return 2
	}
	return 3
}

func fold(s string) []rune {
	s = strings.ReplaceAll(s, "_", "")
	r := []rune(s)
	for i := range r {
		r[i] = unicode.ToLower(r[i])
	}
	return r
}

func prefix(a, b []rune) int {
	i := 0
	for i < len(a) && i < len(b) && a[i] == b[i] {
		i++
	}
	return i
}

// distance is the restricted Damerau distance (insert, delete, replace, swap
// neighbours), or something above limit as soon as that is certain.
func distance(a, b []rune, limit int) int {
	if d := len(a) - len(b); d > limit || -d > limit {
		return limit + 1
	}
	for len(a) > 0 && len(b) > 0 && a[0] == b[0] {
		a, b = a[1:], b[1:]
	}
	for len(a) > 0 && len(b) > 0 && a[len(a)-1] == b[len(b)-1] {
		a, b = a[:len(a)-1], b[:len(b)-1]
	}
	var stack [3 * 32]int
	rows := stack[:]
	w := len(b) + 1
	if 3*w > len(rows) {
		rows = make([]int, 3*w)
	}
	before, above, row := rows[:w], rows[w:2*w], rows[2*w:3*w]
	for j := range above {
		above[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row[0] = i
		least := i
		for j := 1; j <= len(b); j++ {
			d := above[j-1]
			if a[i-1] != b[j-1] {
				d = 1 + min(d, above[j], row[j-1])
				if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
					d = min(d, before[j-2]+1)
				}
			}
			row[j] = d
			least = min(least, d)
		}
		if least > limit {
			return limit + 1
		}
		before, above, row = above, row, before
	}
	return above[len(b)]
}
