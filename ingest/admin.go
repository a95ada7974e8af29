package ingest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"path"
	"strconv"
	"time"
	"unicode/utf8"

	"journey/dsl/diag"
	"journey/engine"
)

// deployment asks for the publication of a workspace.
type deployment struct {
	Sources map[string]string `json:"sources"` // texts by file name
	DryRun  bool              `json:"dry_run"`
	By      string            `json:"by"` // who publishes; "": the administrator
}

// release is a release as the API shows it.
type release struct {
	Number int64     `json:"number"`
	Hash   string    `json:"hash"`
	At     time.Time `json:"at,omitzero"`
	Live   bool      `json:"live"`
	By     string    `json:"by,omitempty"`
	Of     int64     `json:"rollback_of,omitempty"`
}

// published is the answer to a deployment.
type published struct {
	release
	Diagnostics []json.RawMessage `json:"diagnostics"` // as diag.JSON writes them
	Notes       []string          `json:"notes"`       // what only the server knows, in one line each
}

func releaseOf(r engine.Release) release {
	return release{Number: r.Number, Hash: r.Hash, At: r.At.UTC(), Live: r.Live, By: r.By, Of: r.Of}
}

// deploy publishes a workspace.
func (s *Server) deploy(c *request) error {
	if wrong := s.admin(c.Request().Header); wrong != nil {
		return wrong
	}
	d, err := s.deployment(c)
	if err != nil {
		return err
	}
	ctx, cancel := s.deadline(c, s.o.Limits.Long)
	defer cancel()
	r, diags, err := s.o.Engine.Deploy(ctx, d.Sources, d.DryRun, d.By)
	if err != nil && !errors.Is(err, engine.ErrWorkspace) {
		return err
	}
	out := published{release: releaseOf(r), Notes: []string{}}
	var broken error
	if out.Diagnostics, broken = shown(diags); broken != nil {
		return broken
	}
	wrong := 0
	for _, dg := range diags {
		switch {
		case dg.Severity == diag.Error:
			wrong++
		case dg.Code == "counts-from-now":
			dg.Severity = diag.Error // a note is no warning
			out.Notes = append(out.Notes, diag.Plain(dg))
		}
	}
	if err != nil || wrong > 0 {
		p := refuse(http.StatusUnprocessableEntity, "workspace-wrong", fmt.Sprintf("the workspace has %d errors: nothing was published", wrong))
		if wrong == 1 {
			p.Detail = "the workspace has an error: nothing was published"
		}
		p.Diagnostics = out.Diagnostics
		return p
	}
	if d.DryRun && out.Number == 0 { // what it would be
		all, err := s.o.Engine.Releases(ctx)
		if err != nil {
			return err
		}
		out.Number = 1
		for _, r := range all {
			out.Number = max(out.Number, r.Number+1)
		}
	}
	return c.respond(http.StatusOK, out)
}

// shown are diagnostics as JSON.
func shown(diags []diag.Diagnostic) ([]json.RawMessage, error) {
	out := make([]json.RawMessage, 0, len(diags))
	for i := range diags {
		var b bytes.Buffer
		if err := diag.JSON(&b, diags[i:i+1]); err != nil {
			return nil, fmt.Errorf("encode a diagnostic: %w", err)
		}
		out = append(out, bytes.TrimSpace(b.Bytes()))
	}
	return out, nil
}

// deployment reads the body of one.
func (s *Server) deployment(c *request) (*deployment, error) {
	b, wrong := s.read(c, s.o.Limits.Admin, "a deployment")
	if wrong != nil {
		return nil, wrong
	}
	defer b.release()
	d := &deployment{}
	if err := strictly(b.buf, d); err != nil { // a misspelt dry_run must not publish
		return nil, refuse(http.StatusBadRequest, "invalid-json", `the body is no deployment, {"sources": {NAME: TEXT}, "dry_run": BOOL}: `+err.Error())
	}
	if len(d.Sources) == 0 {
		p := refuse(http.StatusBadRequest, "missing-field", "there are no sources: send the text of each file by its name")
		p.Field = "sources"
		return nil, p
	}
	for name := range d.Sources {
		if name == "" || len(name) > 256 || !utf8.ValidString(name) || path.IsAbs(name) || path.Clean(name) != name || name == ".." || len(name) > 2 && name[:3] == "../" {
			p := refuse(http.StatusBadRequest, "bad-name", "a file's name must be a path within the workspace")
			p.Field = "sources"
			return nil, p
		}
	}
	if d.By == "" || len(d.By) > 100 {
		d.By = "admin"
	}
	return d, nil
}

// releases lists what was ever published.
func (s *Server) releases(c *request) error {
	if wrong := s.admin(c.Request().Header); wrong != nil {
		return wrong
	}
	ctx, cancel := s.deadline(c, s.o.Limits.Timeout)
	defer cancel()
	all, err := s.o.Engine.Releases(ctx)
	if err != nil {
		return err
	}
	out := make([]release, len(all))
	for i, r := range all {
		out[i] = releaseOf(r)
	}
	return c.respond(http.StatusOK, map[string]any{"releases": out})
}

// rollback makes an earlier release live again.
func (s *Server) rollback(c *request) error {
	if wrong := s.admin(c.Request().Header); wrong != nil {
		return wrong
	}
	number, err := strconv.Atoi(c.Param("number"))
	if err != nil || number < 1 {
		return refuse(http.StatusBadRequest, "bad-number", "the number of a release is 1 or more")
	}
	ctx, cancel := s.deadline(c, s.o.Limits.Long)
	defer cancel()
	all, err := s.o.Engine.Releases(ctx)
	if err != nil {
		return err
	}
	for _, r := range all {
		if r.Number == int64(number) {
			r, err := s.o.Engine.Rollback(ctx, number)
			if err != nil {
				return err
			}
			return c.respond(http.StatusOK, releaseOf(r))
		}
	}
	return refuse(http.StatusNotFound, "no-release", fmt.Sprintf("there is no release %d", number))
}
