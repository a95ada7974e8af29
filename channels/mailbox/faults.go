package mailbox

import "time"

// Stage is the moment of an SMTP conversation at which a fault may happen.
type Stage uint8

// The stages, in their order.
const (
	// AtRcpt is the RCPT command, before it is answered.
	AtRcpt Stage = iota
	// AtData is the DATA command: answered with 354, no byte of the mail read.
	AtData
	// AtReply is after the last byte of the mail, before the reply to it.
	AtReply
)

// Attempt is a mail under way, as a fault sees it.
type Attempt struct {
	Stage Stage
	From  string
	// To are the recipients named so far; at AtRcpt the last is the one in question.
	To []string
	// Raw is the mail, at AtReply only.
	Raw []byte
}

// Fault is what the server does instead of its duty. The zero value does the duty.
type Fault struct {
	// Code, from 400, refuses with this reply; Text is its text. At AtData it is
	// said after the body was read, as SMTP wants it.
	Code int
	Text string
	// Delay waits first.
	Delay time.Duration
	// Drop closes the connection without a reply.
	Drop bool
	// Store keeps the mail although it is refused or the connection dropped; for
	// AtReply.
	Store bool
}

// SetFaults lets f decide, for each stage of each mail, what goes wrong; nil ends
// all faults. f is called by the connection's goroutine, so it may also block: the
// server is then silent towards this client until f returns.
func (b *Box) SetFaults(f func(Attempt) Fault) {
	if f == nil {
		b.faults.Store(nil)
		return
	}
	b.faults.Store(&f)
}

// fault asks for the fault of a moment and sits out its delay.
func (b *Box) fault(a Attempt) Fault {
	f := b.faults.Load()
	if f == nil {
		return Fault{}
	}
	fault := (*f)(a)
	if fault.Delay > 0 {
		t := time.NewTimer(fault.Delay)
		defer t.Stop()
		select {
		case <-t.C:
		case <-b.done:
			fault.Drop = true
		}
	}
	return fault
}
