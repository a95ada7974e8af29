package syntax

import (
	"strings"
	"unicode/utf8"
)

// number scans what begins with a digit: numbers, percentages, durations,
// times of day and dates.
func (s *scanner) number() {
	if s.date() || s.clock() {
		return
	}
	i := s.digits(s.pos)
	if i+1 < len(s.text) && s.text[i] == '.' && isDigit(s.text[i+1]) {
		i = s.digits(i + 1)
	}
	if i == len(s.text) {
		s.emit(tokNumber, i)
		return
	}
	switch c := s.text[i]; {
	case c == '%' && !s.operandAt(i+1):
		s.emit(tokPercent, i+1)
	case isLetter(c) || c >= utf8.RuneSelf && nameEnd(s.text, i) > i:
		s.unit(i)
	default:
		s.emit(tokNumber, i)
	}
}

// digits is the end of digits with single `_` between them.
func (s *scanner) digits(i int) int {
	for i < len(s.text) && (isDigit(s.text[i]) || s.text[i] == '_' && i+1 < len(s.text) && isDigit(s.text[i+1]) && s.text[i-1] != '_') {
		i++
	}
	return i
}

// operandAt says whether an operand begins right here, so that a `%` before
// it divides.
func (s *scanner) operandAt(i int) bool {
	return i < len(s.text) && (isDigit(s.text[i]) || isLetter(s.text[i]) || s.text[i] == '(' || s.text[i] == '.')
}

// unit scans a duration such as 90s or 1h30m, whose first unit is at i.
func (s *scanner) unit(i int) {
	end := nameEnd(s.text, s.pos)
	if i >= end { // 0.5h: the name rule stops at the point
		end = nameEnd(s.text, i)
	}
	if text := s.text[s.pos:end]; isShortDuration(text) {
		if _, ok := shortDuration(text); !ok {
			s.report(tooLongDuration(s.pos, end))
		}
		s.emit(tokDuration, end)
		return
	}
	digits, letters := s.text[s.pos:i], s.text[i:end]
	p := badNumber(s.pos, end, digits, letters)
	s.report(p)
	switch {
	case p.suggest == "":
		s.emit(tokUnknown, end)
	case strings.Contains(p.suggest, ":"):
		s.emitAs(tokClock, p.suggest, end)
	default: // `1 day` is read as `1d`
		_, unit, _ := strings.Cut(p.suggest, " ")
		s.emitAs(tokDuration, digits+unit[:1], end)
	}
}

// clock scans 9:00 and 09:00.
func (s *scanner) clock() bool {
	n := clockLength(s.text[s.pos:])
	if n == 0 {
		return false
	}
	end := s.pos + n
	if tail := s.text[end:]; len(tail) > 1 && tail[0] == ':' && isDigit(tail[1]) {
		more := end + 1 + digitCount(tail[1:])
		s.report(secondsOfDay(s.pos, more))
		end = more
	} else if _, ok := parseClock(s.text[s.pos:end]); !ok {
		s.report(badClock(s.pos, end, s.text[s.pos:end]))
	}
	s.emitAs(tokClock, s.text[s.pos:s.pos+n], end)
	return true
}

// clockLength is the length of the time of day that a text begins with, or 0.
func clockLength(text string) int {
	h := digitCount(text)
	if h < 1 || h > 2 || len(text) < h+3 || text[h] != ':' || digitCount(text[h+1:]) != 2 {
		return 0
	}
	return h + 3
}

func digitCount(text string) int {
	n := 0
	for n < len(text) && isDigit(text[n]) {
		n++
	}
	return n
}

// date scans 2026-12-25, 2026-12-25 09:00 and 2026-12-25 09:00+08:00.
func (s *scanner) date() bool {
	rest := s.text[s.pos:]
	if len(rest) < 10 || digitCount(rest) != 4 || rest[4] != '-' || digitCount(rest[5:]) != 2 || rest[7] != '-' || digitCount(rest[8:]) != 2 {
		return false
	}
	if _, ok := parseDate(rest[:10]); !ok {
		s.report(badDate(s.pos, s.pos+10, rest[:10]))
	}
	blanks := 0
	for 10+blanks < len(rest) && rest[10+blanks] == ' ' {
		blanks++
	}
	if blanks == 0 && len(rest) > 10 && rest[10] == 'T' {
		blanks = 1
	}
	n := 0
	if blanks > 0 {
		n = clockLength(rest[10+blanks:])
	}
	if n == 0 {
		s.emit(tokDate, s.pos+10)
		return true
	}
	s.dateTime(10+blanks, 10+blanks+n)
	return true
}

func (s *scanner) dateTime(clock, length int) {
	rest := s.text[s.pos:]
	if _, ok := parseClock(rest[clock:length]); !ok {
		s.report(badClock(s.pos+clock, s.pos+length, rest[clock:length]))
	}
	tail := rest[length:]
	switch {
	case len(tail) >= 6 && (tail[0] == '+' || tail[0] == '-') && digitCount(tail[1:]) == 2 && tail[3] == ':' && digitCount(tail[4:]) == 2:
		if _, ok := parseOffset(tail[:6]); !ok {
			s.report(badOffset(s.pos+length, s.pos+length+6, tail[:6]))
		}
		length += 6
	case strings.HasPrefix(tail, "Z") && nameEnd(tail, 0) == 1:
		length++
	case len(tail) >= 2 && tail[0] == ':' && isDigit(tail[1]):
		s.report(secondsOfDay(s.pos+clock, s.pos+length+1+digitCount(tail[1:])))
		s.emitAs(tokDateTime, rest[:length], s.pos+length+1+digitCount(tail[1:]))
		return
	}
	s.emit(tokDateTime, s.pos+length)
}
