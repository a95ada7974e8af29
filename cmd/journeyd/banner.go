package main

import (
	"fmt"
	"io"
	"strings"
	"time"
)

// banner is what a developer reads first: what runs where, and what to paste
// next. At most 15 lines.
type banner struct {
	workspace string
	journeys  int
	api       string // http://127.0.0.1:8080
	mailbox   string
	smtp      string // where mails go; "" for the mailbox
	temporal  string
	redis     string
	data      string // folder, "" for memory
	speed     float64
	curl      string // to paste next
	took      time.Duration
}

func (b banner) print(w io.Writer) {
	var s strings.Builder
	fmt.Fprintf(&s, "Journey runs %s (%s), ready in %.1f s.\n\n", b.workspace, count(b.journeys, "journey"), b.took.Seconds())
	fmt.Fprintf(&s, "  API       %s  write key dev, admin key admin\n", b.api)
	fmt.Fprintf(&s, "  Mailbox   %s\n", b.mailbox)
	if b.smtp != "" {
		fmt.Fprintf(&s, "  Mail to   %s\n", b.smtp)
	}
	fmt.Fprintf(&s, "  Temporal  %s\n", b.temporal)
	fmt.Fprintf(&s, "  Redis     %s\n", b.redis)
	if b.data != "" {
		fmt.Fprintf(&s, "  Data      kept in %s\n", b.data)
	} else {
		fmt.Fprintf(&s, "  Data      in memory only: gone when this ends (keep it with --data DIR)\n")
	}
	if b.speed != 1 {
		fmt.Fprintf(&s, "  Clock     %g times as fast as real time\n", b.speed)
	}
	if b.journeys == 0 {
		fmt.Fprintf(&s, "\nThere is no journey yet: write one into a .journey file in %s. It is live as soon as it is saved.\n", b.workspace)
		io.WriteString(w, s.String())
		return
	}
	fmt.Fprintf(&s, "\nPaste this, then look into the mailbox:\n\n%s\n", b.curl)
	io.WriteString(w, s.String())
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
