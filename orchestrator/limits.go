package orchestrator

import (
	"slices"

	"journey/dsl"
	"journey/dsl/value"
	"journey/profiles"
)

// What keeps marketing from being sent: topics, suppression, control groups,
// caps; and what only holds it: quiet hours.

// leftTopic says whether the person has left a message's topic.
func (m *machine) leftTopic(topic string) bool {
	in, said := m.p.KeyedBool("topics", topic)
	return topic != "" && said && !in
}

// suppressed asks the person's own suppression, and the workspace's rules
// unless the message is exempt from them.
func (m *machine) suppressed(channel string, exempt bool) bool {
	if is, _ := m.p.KeyedBool("suppressed", channel); is {
		return true
	}
	if exempt {
		return false
	}
	for _, s := range m.plan.Settings.Suppress {
		if (s.Channel == "" || s.Channel == channel) && s.When.Bool(m.about()) {
			return true
		}
	}
	return false
}

// controlled says whether a control group keeps a journey's messages back.
func (m *machine) controlled(j *dsl.Journey) bool {
	everybody := m.inControl("", m.plan.Settings.Control)
	return m.inControl(j.Name, j.Control) || everybody
}

// inControl is a lasting assignment, like the branch of a split: by a hash,
// and remembered, so that another share moves only people without one.
func (m *machine) inControl(group string, share float64) bool {
	if share <= 0 {
		return false
	}
	if in, given := m.p.Controls[group]; given {
		return in
	}
	in := draw("control\x00"+group, m.p.ID) < share
	if m.Assign != nil {
		if assumed, ok := m.Assign(group, share); ok {
			in = assumed
		}
	}
	if m.p.Controls == nil {
		m.p.Controls = map[string]bool{}
	}
	m.p.Controls[group] = in
	return in
}

// capped says whether a cap of the channel, or of all, is used up. A send that
// is being attempted has taken its place.
func (m *machine) capped(channel string) bool {
	return m.usedUp(channel, func(*profiles.Send) bool { return true })
}

// placeMayGetFree says whether a cap that is used up would not be if what is
// being attempted were refused by its provider: that is known shortly.
func (m *machine) placeMayGetFree(channel string) bool {
	return !m.usedUp(channel, func(s *profiles.Send) bool { return s.State != profiles.Attempting || m.isOld(s) })
}

// usedUp says whether those sends that count, of some, use up a cap of the
// channel, or of all.
func (m *machine) usedUp(channel string, some func(*profiles.Send) bool) bool {
	for _, c := range m.plan.Settings.Caps {
		if c.Channel != "" && c.Channel != channel {
			continue
		}
		n := 0
		for _, s := range m.p.Ledger {
			if counted(s) && (c.Channel == "" || s.Channel == c.Channel) && m.within(c, s.At) && some(s) {
				n++
			}
		}
		if n >= c.Count {
			return true
		}
	}
	return false
}

// counted says whether a send counts for caps.
func counted(s *profiles.Send) bool {
	return !s.Exempt && s.Channel != callChannel && (countsAsSent(s.State) || s.State == profiles.Attempting)
}

// capsAll says whether a cap counts over all channels.
func (m *machine) capsAll() bool {
	return slices.ContainsFunc(m.plan.Settings.Caps, func(c dsl.Cap) bool { return c.Channel == "" })
}

func (m *machine) within(c dsl.Cap, at value.Time) bool {
	if c.Calendar {
		zone := m.p.Zone(m.plan.Settings.Zone)
		return at.Date(zone) == m.at.Date(zone)
	}
	return m.at.Sub(at) < c.Per // at exactly D it no longer counts
}

// capWindow is how long a send may count for a cap.
func (m *machine) capWindow() value.Duration {
	var d value.Duration
	for _, c := range m.plan.Settings.Caps {
		d = max(d, c.Per)
		if c.Calendar {
			d = max(d, 2*value.Day)
		}
	}
	return d
}

// quietUntil is when the quiet hours around an instant end for a channel;
// false outside of them.
func (m *machine) quietUntil(channel string, at value.Time) (value.Time, bool) {
	zone := m.p.Zone(m.plan.Settings.Zone)
	until, quiet := at, false
	for again := true; again; { // one may begin where another ends
		again = false
		for _, q := range m.plan.Settings.Quiet {
			if len(q.Channels) > 0 && !slices.Contains(q.Channels, channel) {
				continue
			}
			for d := until.Date(zone) - 1; d <= until.Date(zone); d++ {
				if !q.Days.Has(d.Weekday()) {
					continue
				}
				from, last := d.At(q.From, zone), d
				if q.To <= q.From {
					last++
				}
				if to := last.At(q.To, zone); from <= until && until < to && to.Sub(at) < 8*value.Day {
					until, quiet, again = to, true, true
				}
			}
		}
	}
	return until, quiet
}

// hold keeps a send until its quiet hours end. Everything is judged again
// then.
func (m *machine) hold(r *profiles.Run, send *profiles.Send, until value.Time) {
	send.State, send.Owner, send.Deadline = profiles.Planned, "", 0
	r.State, r.Until = profiles.Holding, until
	m.traceRun(TraceHeld, r, Trace{Name: send.Message, Until: until})
}

// unhold lets a held send be claimed again: at the end of its quiet hours, or
// when they have moved away.
func (m *machine) unhold(r *profiles.Run, at value.Time) {
	send := pending(m.p, r)
	if send == nil {
		m.end(r, EndedGone)
		return
	}
	// It is planned anew: sends go in the order in which their runs go on.
	m.p.Ledger = slices.DeleteFunc(m.p.Ledger, func(s *profiles.Send) bool { return s == send })
	send.At = m.now
	r.State, r.Clock, r.Until = profiles.Sending, at, 0
	m.line(r, send)
	m.traceRun(TracePlanned, r, Trace{Name: send.Message})
}

// rehold arranges a hold anew when the zone has moved.
func (m *machine) rehold(r *profiles.Run) {
	send := pending(m.p, r)
	if send == nil {
		return
	}
	until, quiet := m.quietUntil(send.Channel, m.at)
	switch {
	case !quiet:
		m.unhold(r, m.at)
	case until != r.Until:
		m.hold(r, send, until)
	}
}
