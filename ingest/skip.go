package ingest

// skip passes the value at the position by its grammar alone, however deep it
// is and whatever bounds it breaks: so that the items after a refused one can
// be read. It does not recurse.
func (p *parser) skip() bool {
	var inside []bool // of the brackets that are open: true for an object
	for {
		began, ok := p.skipBegin(&inside)
		if !ok {
			return false
		}
		if began {
			continue
		}
		for again := true; again; { // behind a value
			if len(inside) == 0 {
				return true
			}
			closing, object := byte(']'), inside[len(inside)-1]
			if object {
				closing = '}'
			}
			more, ok := p.more(closing)
			switch {
			case !ok:
				return false
			case !more:
				p.pos++
				inside = inside[:len(inside)-1]
			default:
				if object && !p.skipKey() {
					return false
				}
				again = false
			}
		}
	}
}

// skipBegin passes a value, or the beginning of an object or list, and then
// stands at the first value in it and answers true.
func (p *parser) skipBegin(inside *[]bool) (began, ok bool) {
	switch c := p.next(); c {
	case '{', '[':
		p.pos++
		p.space()
		if p.next() == c+2 { // the closing one: two places on in ASCII
			p.pos++
			return false, true
		}
		*inside = append(*inside, c == '{')
		return true, c == '[' || p.skipKey()
	case '"':
		return false, p.skipText()
	case '-', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9':
		_, ok := p.digits()
		return false, ok
	}
	_, ok = p.value() // a word, or nothing
	return false, ok
}

func (p *parser) skipKey() bool {
	if p.next() != '"' {
		return p.broken("a name in quotes is missing")
	}
	if !p.skipText() {
		return false
	}
	p.space()
	if p.next() != ':' {
		return p.broken("a colon is missing")
	}
	p.pos++
	p.space()
	return true
}

// skipText is raw for texts that need not be UTF-8.
func (p *parser) skipText() bool {
	_, ok := p.raw()
	if !ok && !p.flaw.fatal {
		p.flaw = nil // raw has passed it
		return true
	}
	return ok
}
