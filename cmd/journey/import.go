package main

import (
	"bufio"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"journey/dsl"
	"journey/dsl/diag"
	"journey/imports"
)

// importing is the command `journey import`.
type importing struct {
	client
	dir      string
	encoding string
	dryRun   bool
	asJSON   bool
}

func newImport() *cobra.Command {
	var im importing
	cmd := &cobra.Command{
		Use:   "import NAME FILE --server URL",
		Short: "Bring the rows of a file in",
		Long: `Bring the rows of a file in, as the import NAME of the live release says.

The file is sent to the server while it is read. Rows that cannot be used are
written to FILE.problems.csv; the others go in. The same file again changes
nothing, so that an import that broke off is simply begun again.

With --dry-run nothing is sent: the workspace in the current folder (or --dir)
reads the file, and the first rows are shown as they would go in, masked.`,
		Example: "  journey import customers customers.csv --server http://127.0.0.1:8080\n  journey import customers customers.csv --dry-run",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 2 {
				return usage("say the import and the file, as in `journey import customers customers.csv`")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if im.dryRun {
				return im.try(cmd, args[0], args[1])
			}
			if err := im.ready(); err != nil {
				return err
			}
			return im.send(cmd, args[0], args[1])
		},
	}
	im.flags(cmd)
	cmd.Flags().StringVar(&im.dir, "dir", ".", "with --dry-run: the workspace")
	cmd.Flags().StringVar(&im.encoding, "encoding", "", "the file's encoding: UTF-8, Big5, CP1252 or UTF-16; found by itself if not said")
	cmd.Flags().BoolVar(&im.dryRun, "dry-run", false, "send nothing, and show what would happen")
	cmd.Flags().BoolVar(&im.asJSON, "json", false, "print the summary as JSON")
	return cmd
}

func openFile(name string) (*os.File, int64, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, 0, usage("the file cannot be read: %w", err)
	}
	info, err := f.Stat()
	if err != nil || info.IsDir() {
		f.Close()
		return nil, 0, usage("%q is no file", name)
	}
	return f, info.Size(), nil
}

// importLine is a line of the server's answer.
type importLine struct {
	imports.Problem
	Progress *imports.Summary `json:"progress"`
	Done     *struct {
		imports.Summary
		Error *problem `json:"error"`
	} `json:"done"`
}

// send brings the file to the server.
func (im *importing) send(cmd *cobra.Command, name, file string) error {
	f, size, err := openFile(file)
	if err != nil {
		return err
	}
	defer f.Close()
	ctx, cancel := context.WithCancel(cmd.Context())
	defer cancel()
	address := im.server + "/v1/imports/" + url.PathEscape(name)
	if im.encoding != "" {
		address += "?encoding=" + url.QueryEscape(im.encoding)
	}
	bar := &progressBar{w: cmd.ErrOrStderr(), on: terminal(cmd.ErrOrStderr()), size: size}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, address, io.NopCloser(bar.count(f)))
	if err != nil {
		return err
	}
	req.ContentLength = size
	req.Header.Set("Accept", "application/x-ndjson")
	req.Header.Set("Content-Type", "application/octet-stream")
	req.Header.Set("Authorization", "Bearer "+im.key)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		var u *url.Error
		if errors.As(err, &u) {
			err = u.Err
		}
		return failed(fmt.Errorf("no answer from %s: %w", im.server, err))
	}
	defer res.Body.Close()
	if res.StatusCode/100 != 2 {
		p := &problem{status: res.StatusCode}
		answer, _ := io.ReadAll(io.LimitReader(res.Body, answerLimit))
		_ = json.Unmarshal(answer, p)
		return failed(p)
	}
	problems := &problemFile{name: file + ".problems.csv"}
	sum, err := readImport(res.Body, bar, problems)
	bar.end()
	if e := problems.close(); e != nil && err == nil {
		err = e
	}
	if err != nil {
		says := ""
		if sum.Line > 0 {
			says = fmt.Sprintf(" (everything up to line %d is done; the same command goes on from there)", sum.Line)
		}
		return failed(fmt.Errorf("%w%s", err, says))
	}
	return im.told(cmd, sum, problems)
}

// readImport follows the server's answer to its end.
func readImport(r io.Reader, bar *progressBar, problems *problemFile) (imports.Summary, error) {
	var sum imports.Summary
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var line importLine
		if err := json.Unmarshal(lines.Bytes(), &line); err != nil {
			return sum, fmt.Errorf("the server does not answer as a Journey server: %w", err)
		}
		switch {
		case line.Progress != nil:
			sum = *line.Progress
			bar.show(sum)
		case line.Done != nil:
			sum = line.Done.Summary
			if p := line.Done.Error; p != nil {
				p.status = http.StatusOK
				return sum, errors.New(p.Detail)
			}
			return sum, nil
		default:
			if err := problems.add(line.Problem); err != nil {
				return sum, err
			}
		}
	}
	if err := lines.Err(); err != nil {
		return sum, fmt.Errorf("the answer broke off: %w", err)
	}
	return sum, errors.New("the answer broke off")
}

func (im *importing) told(cmd *cobra.Command, sum imports.Summary, problems *problemFile) error {
	out := cmd.OutOrStdout()
	if im.asJSON {
		return json.NewEncoder(out).Encode(sum)
	}
	file := sum.Encoding
	if sum.Separator != "" {
		file += ", " + sum.Separator
	}
	fmt.Fprintf(out, "%s (%s): %s, %d stored, %d known from before, %d refused\n", sum.Import, file, count(int(sum.Rows), "row"), sum.Stored, sum.Known, sum.Refused)
	if problems != nil && problems.n > 0 {
		fmt.Fprintf(out, "%s in %s\n", count(problems.n, "problem"), problems.name)
	}
	return nil
}

// problemFile is where problems are written; it is made with the first.
type problemFile struct {
	name string
	f    *os.File
	w    *csv.Writer
	n    int
}

func (p *problemFile) add(problem imports.Problem) error {
	if p.f == nil {
		f, err := os.OpenFile(p.name, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
		if err != nil {
			return fmt.Errorf("write the problems: %w", err)
		}
		p.f, p.w = f, csv.NewWriter(f)
		if err := p.w.Write([]string{"line", "column", "reason", "value", "row"}); err != nil {
			return err
		}
	}
	p.n++
	kept := "stored without the value"
	if problem.Refused {
		kept = "refused"
	}
	return p.w.Write([]string{strconv.Itoa(problem.Row), problem.Column, problem.Reason, problem.Value, kept})
}

func (p *problemFile) close() error {
	if p.f == nil {
		_ = os.Remove(p.name) // of the time before
		return nil
	}
	p.w.Flush()
	return errors.Join(p.w.Error(), p.f.Close())
}

// progressBar shows on a terminal how far an import is.
type progressBar struct {
	w    io.Writer
	on   bool
	size int64
	read atomic.Int64 // bytes; the client's goroutine counts them
}

func (b *progressBar) count(r io.Reader) io.Reader { return &counted{r: r, n: &b.read} }

type counted struct {
	r io.Reader
	n *atomic.Int64
}

func (c *counted) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n.Add(int64(n))
	return n, err
}

func (b *progressBar) show(sum imports.Summary) {
	if !b.on {
		return
	}
	const width = 30
	part := 1.0
	if b.size > 0 {
		part = min(1, float64(b.read.Load())/float64(b.size))
	}
	full := int(part * width)
	fmt.Fprintf(b.w, "\r\x1b[K[%s%s] %3.0f %%  %s: %d rows, %d stored, %d refused", strings.Repeat("#", full), strings.Repeat(".", width-full), 100*part, sum.Import, sum.Rows, sum.Stored, sum.Refused)
}

func (b *progressBar) end() {
	if b.on {
		fmt.Fprint(b.w, "\r\x1b[K")
	}
}

// shownRows is how many rows a dry run shows.
const shownRows = 5

// try reads a file by the workspace and shows what would go in.
func (im *importing) try(cmd *cobra.Command, name, file string) error {
	sources, err := readWorkspace(im.dir)
	if err != nil {
		return err
	}
	if len(sources) == 0 {
		return noSources(im.dir)
	}
	program, diags := dsl.Load(sources)
	if program == nil {
		if err := tell(cmd.ErrOrStderr(), placed(im.dir, diags)); err != nil {
			return err
		}
		return &exit{exitWorkspace, nil}
	}
	i := slices.IndexFunc(program.Imports, func(d *dsl.Import) bool { return d.Name == name })
	if i < 0 {
		var names []string
		for _, d := range program.Imports {
			names = append(names, d.Name)
		}
		if near := diag.Suggest(name, names); near != "" {
			return usage("there is no import %q; did you mean %q?", name, near)
		}
		return usage("there is no import %q in %s", name, im.dir)
	}
	f, _, err := openFile(file)
	if err != nil {
		return err
	}
	defer f.Close()
	reader, err := imports.Open(f, program.Imports[i], program, im.encoding)
	if err != nil {
		return failed(fmt.Errorf("%s: %w", file, err))
	}
	sum := imports.Summary{Import: name, File: reader.File()}
	var rows []*imports.Row
	var problems []imports.Problem
	for {
		row, found, err := reader.Next()
		if err == io.EOF {
			sum.Complete = true
			break
		}
		if err != nil {
			return failed(fmt.Errorf("%s: %w", file, err))
		}
		sum.Rows++
		sum.Problems += int64(len(found))
		if row == nil {
			sum.Refused++
		} else {
			sum.Line = row.Line
			if len(rows) < shownRows {
				rows = append(rows, row)
			}
		}
		problems = append(problems, found[:min(len(found), max(0, 2*shownRows-len(problems)))]...)
	}
	out := cmd.OutOrStdout()
	if im.asJSON {
		return json.NewEncoder(out).Encode(sum)
	}
	shown := sum.Encoding
	if sum.Separator != "" {
		shown += ", " + sum.Separator
	}
	fmt.Fprintf(out, "%s (%s): %s, %d would go in, %d refused; nothing was sent\n", name, shown, count(int(sum.Rows), "row"), sum.Rows-sum.Refused, sum.Refused)
	return showRows(out, rows, problems, sum.Problems)
}

func showRows(out io.Writer, rows []*imports.Row, problems []imports.Problem, all int64) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	for _, row := range rows {
		fmt.Fprintf(w, "line %d\t%s\n", row.Line, strings.Join(row.Shown(), ", "))
	}
	for _, p := range problems {
		at := p.Reason
		if p.Column != "" {
			at = p.Column + " " + p.Reason
		}
		if p.Value != "" {
			at += " (" + p.Value + ")"
		}
		if p.Refused {
			at += "; the row is refused"
		}
		fmt.Fprintf(w, "line %d\t%s\n", p.Row, at)
	}
	if n := all - int64(len(problems)); n > 0 {
		fmt.Fprintf(w, "…\t%s more\n", count(int(n), "problem"))
	}
	return w.Flush()
}
