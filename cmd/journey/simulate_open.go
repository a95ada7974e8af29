package main

import (
	_ "embed"
	"fmt"
	"html"
	"html/template"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"

	"journey/simulator"
	"journey/why"
)

// writeMails writes each mail as a file of its own.
func writeMails(dir string, sent []simulator.Sent) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	for i, m := range sent {
		if m.HTML == "" {
			continue
		}
		name := filepath.Join(dir, fmt.Sprintf("%02d-%s.html", i+1, m.Message))
		if err := os.WriteFile(name, []byte(m.HTML), 0o644); err != nil {
			return err
		}
	}
	return nil
}

//go:embed messages.html
var messagesHTML string

// messagesPage shows messages as their receivers see them. Each mail stands in
// a frame of its own that runs no scripts.
var messagesPage = template.Must(template.New("messages").Parse(messagesHTML))

type shownMessage struct {
	At, Name, Journey, Channel, To, Subject, Text, HTML string
}

func writeMessages(w io.Writer, title string, list []shownMessage) error {
	return messagesPage.Execute(w, struct {
		Title    string
		Messages []shownMessage
	}{title, list})
}

// show writes the messages into a temporary page and opens it in a browser.
func (s *simulation) show() error {
	if len(s.sent) == 0 {
		fmt.Fprintln(s.cmd.ErrOrStderr(), "there is no message to open: nothing was sent")
		return nil
	}
	zone := s.sim.Person.Zone(s.plan.Settings.Zone)
	var list []shownMessage
	for _, m := range s.sent {
		text := m.Text
		if m.HTML == "" {
			text = textOf(m.Rendered)
		}
		if m.Channel == "webhook" {
			text = m.Method + " " + m.URL + "\n" + string(m.JSON)
		}
		list = append(list, shownMessage{why.Local(m.At, zone), m.Message, m.Journey, m.Channel, m.To, m.Subject, text, m.HTML})
	}
	f, err := os.CreateTemp("", "journey-messages-*.html")
	if err != nil {
		return &exit{exitFailed, err}
	}
	if err := writeMessages(f, s.dir, list); err != nil {
		f.Close()
		return &exit{exitFailed, err}
	}
	if err := f.Close(); err != nil {
		return &exit{exitFailed, err}
	}
	fmt.Fprintf(s.cmd.ErrOrStderr(), "%s: %s\n", count(len(list), "message"), f.Name())
	if err := browse(f.Name()); err != nil {
		return &exit{exitFailed, fmt.Errorf("open %s in a browser yourself: %w", f.Name(), err)}
	}
	return nil
}

// browse opens a file in the browser: $BROWSER, else that of the desktop.
func browse(file string) error {
	open, args := os.Getenv("BROWSER"), []string{file}
	switch {
	case open != "":
	case runtime.GOOS == "darwin":
		open = "open"
	case runtime.GOOS == "windows":
		open, args = "rundll32", []string{"url.dll,FileProtocolHandler", file}
	default:
		open = "xdg-open"
	}
	return exec.Command(open, args...).Run()
}

var (
	htmlHidden = regexp.MustCompile(`(?is)<(style|script|head)\b.*?</(style|script|head)>`)
	htmlBreak  = regexp.MustCompile(`(?i)<(br|/p|/div|/tr|/h[1-6]|/li)\b[^>]*>`)
	htmlTag    = regexp.MustCompile(`(?s)<[^>]*>`)
	blankLines = regexp.MustCompile(`\n\s*\n+`)
)

// plainHTML is the text of a mail that has no text of its own, for the
// timeline.
func plainHTML(s string) string {
	s = htmlHidden.ReplaceAllString(s, "")
	s = htmlTag.ReplaceAllString(htmlBreak.ReplaceAllString(s, "\n"), "")
	var lines []string
	for _, line := range strings.Split(html.UnescapeString(s), "\n") {
		if line = oneLine(line); line != "" {
			lines = append(lines, line)
		}
	}
	return blankLines.ReplaceAllString(strings.Join(lines, "\n"), "\n")
}
