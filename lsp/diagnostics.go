package lsp

import (
	"context"
	"encoding/json"
	"maps"
	"slices"

	"journey/dsl/diag"
)

// publish tells the editor what is wrong, after every change, until ctx ends.
// While one snapshot is checked others may come; only the newest is checked
// next.
func (s *server) publish(ctx context.Context) {
	defer s.telling.Done()
	for {
		select {
		case <-ctx.Done():
			return
		case <-s.dirty:
		}
		for _, snap := range s.untold() {
			s.guard("diagnostics", func() { s.tell(ctx, snap) })
		}
	}
}

// untold are the newest snapshots that have not been published.
func (s *server) untold() []*snapshot {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []*snapshot
	for _, p := range s.projects {
		if p.latest != p.told {
			p.told = p.latest
			all = append(all, p.latest)
		}
	}
	return all
}

// tell publishes the diagnostics of a snapshot: those of the files in which
// they have changed.
func (s *server) tell(ctx context.Context, snap *snapshot) {
	snap.analyze()
	byURI := map[string][]diagnostic{}
	for name := range snap.sources {
		byURI[snap.uri(name)] = []diagnostic{}
	}
	for _, d := range snap.diags {
		if d.Span.File != nil {
			uri := snap.uri(d.Span.File.Name)
			byURI[uri] = append(byURI[uri], snap.diagnostic(d))
		}
	}
	for _, uri := range slices.Sorted(maps.Keys(byURI)) {
		text, err := json.Marshal(byURI[uri])
		if err != nil {
			s.log.Printf("diagnostics: %v", err)
			continue
		}
		if before, ok := s.published[uri]; before == string(text) || !ok && len(byURI[uri]) == 0 {
			continue
		}
		s.published[uri] = string(text)
		params := publishDiagnosticsParams{URI: uri, Diagnostics: byURI[uri]}
		if v, open := snap.versions[nameIn(snap.dir, pathOf(uri))]; open {
			params.Version = &v
		}
		if err := s.conn.Notify(ctx, "textDocument/publishDiagnostics", params); err != nil {
			return // the editor has gone
		}
	}
	s.forget(ctx, snap, byURI)
}

// forget takes back what was said about files that are gone.
func (s *server) forget(ctx context.Context, snap *snapshot, there map[string][]diagnostic) {
	for uri, text := range s.published {
		if _, ok := there[uri]; ok || text == "[]" || !within(snap.dir, pathOf(uri)) {
			continue
		}
		delete(s.published, uri)
		_ = s.conn.Notify(ctx, "textDocument/publishDiagnostics", publishDiagnosticsParams{URI: uri, Diagnostics: []diagnostic{}}) // or the editor has gone
	}
}

// diagnostic is a diagnostic as the protocol writes it.
func (s *snapshot) diagnostic(d diag.Diagnostic) diagnostic {
	p := diagnostic{Range: s.span(d.Span), Severity: severityError, Code: string(d.Code), Source: "journey", Message: d.Message}
	if d.Severity == diag.Warning {
		p.Severity = severityWarning
	}
	if d.Suggest != "" {
		p.Message += " (did you mean " + d.Suggest + "?)"
	}
	for _, r := range d.Related {
		if r.Span.File != nil {
			p.Related = append(p.Related, relatedInfo{s.location(r.Span), r.Message})
		}
	}
	return p
}
