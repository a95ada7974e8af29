package dsl

import "journey/dsl/syntax"

// noteSends finds the messages that steps send, in their blocks too: those
// that conditions of the journey can ask about. It comes before the first
// condition is compiled.
func (w *journeyWork) noteSends(steps []syntax.Step) {
	for _, s := range steps {
		if s, ok := s.(*syntax.Send); ok && s.Message.Text != "" {
			w.sends[s.Message.Text] = true
		}
		for _, b := range blocks(s) {
			if b != nil {
				w.noteSends(b.Steps)
			}
		}
	}
}

// blocks are the blocks of a step; some of them may be nil.
func blocks(s syntax.Step) []*syntax.Block {
	switch s := s.(type) {
	case *syntax.If:
		list := []*syntax.Block{s.Then, s.Else}
		for _, e := range s.ElseIfs {
			if e != nil {
				list = append(list, e.Then)
			}
		}
		return list
	case *syntax.Split:
		var list []*syntax.Block
		for _, b := range s.Branches.Items {
			if b != nil {
				list = append(list, b.Steps)
			}
		}
		return list
	case *syntax.Repeat:
		return []*syntax.Block{s.Body}
	case *syntax.Ask:
		return []*syntax.Block{s.Otherwise}
	case *syntax.Send:
		return []*syntax.Block{s.Otherwise}
	case *syntax.WaitMoment:
		return []*syntax.Block{s.Then, s.Otherwise}
	case *syntax.WaitFor:
		list := []*syntax.Block{s.Otherwise}
		if s.One != nil {
			list = append(list, s.One.Then)
		}
		if s.Until != nil {
			list = append(list, s.Until.Then)
		}
		if s.Any != nil {
			for _, a := range s.Any.Items {
				if a != nil {
					list = append(list, a.Then)
				}
			}
		}
		return list
	}
	return nil
}
