package format

import "strings"

// token prints a token. The lines of a text in three quotes are indented one
// level deeper than the statement.
func (p *printer) token(t token, indent int) {
	lines := strings.Split(t.text, "\n")
	p.text(strings.TrimSuffix(lines[0], "\r"))
	if len(lines) == 1 {
		return
	}
	if strings.Trim(lines[0][3:], " \t\r") == "" {
		p.cur().text = p.cur().text[:len(p.cur().text)-len(strings.TrimSuffix(lines[0], "\r"))] + `"""`
	}
	for _, text := range longText(lines[1:], indent+step) {
		p.lines = append(p.lines, &line{indent: indent + step, raw: true, text: text})
	}
}

// longText indents the lines of a text in three quotes after the first. What
// they share in indentation is not part of the text (package syntax,
// readLongText) and replaced.
func longText(lines []string, indent int) []string {
	margin := strings.Repeat(" ", indent)
	shared := len(sharedIndent(lines))
	out := make([]string, len(lines))
	for i, text := range lines {
		text = strings.TrimSuffix(text, "\r")
		rest := text[min(shared, len(text)):]
		switch {
		case i == len(lines)-1 && strings.Trim(text, " \t") == `"""`:
			out[i] = margin + `"""`
		case rest == "":
		default:
			out[i] = margin + rest
		}
	}
	return out
}

// sharedIndent is the longest beginning of blanks that all lines share; blank
// ones do not count, but the closing quotes do.
func sharedIndent(lines []string) string {
	indent, found := "", false
	for _, text := range lines {
		blanks := text[:len(text)-len(strings.TrimLeft(text, " \t"))]
		switch {
		case strings.Trim(text, " \t\r") == "":
		case !found:
			indent, found = blanks, true
		default:
			n := 0
			for n < min(len(indent), len(blanks)) && indent[n] == blanks[n] {
				n++
			}
			indent = indent[:n]
		}
	}
	return indent
}
