package lsp

import (
	"path/filepath"

	"journey/dsl/diag"
)

// mapper converts the offsets of a file of the workspace.
func (s *snapshot) mapper(name string) *diag.Mapper {
	s.mappersMu.Lock()
	defer s.mappersMu.Unlock()
	m := s.mappers[name]
	if m == nil {
		m = diag.NewMapper(&diag.File{Name: name, Text: s.sources[name]})
		s.mappers[name] = m
	}
	return m
}

// offset is a position as an offset.
func (s *snapshot) offset(name string, p position) int {
	return s.mapper(name).Offset(p.Line, p.Character)
}

func (s *snapshot) rangeOf(name string, start, end int) textRange {
	m := s.mapper(name)
	var r textRange
	r.Start.Line, r.Start.Character = m.UTF16(start)
	r.End.Line, r.End.Character = m.UTF16(end)
	return r
}

func (s *snapshot) span(sp diag.Span) textRange { return s.rangeOf(sp.File.Name, sp.Start, sp.End) }

func (s *snapshot) location(sp diag.Span) location {
	return location{URI: s.uri(sp.File.Name), Range: s.span(sp)}
}

// uri is that of a file of the workspace.
func (s *snapshot) uri(name string) string {
	return uriOf(filepath.Join(s.dir, filepath.FromSlash(name)))
}
