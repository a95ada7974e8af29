package dsl

import (
	"math"
	"slices"
	"time"

	"journey/dsl/cond"
	"journey/dsl/syntax"
	"journey/dsl/value"
)

// The settings that keep messages back: quiet hours, caps, rules of
// suppression, and the topics that people can leave.

// personalChannels are those over which people get messages.
var personalChannels = []string{"email", "sms", "push", "line"}

// allChannels stands for all of them in a cap.
const allChannels = "all"

// share is a control group's share.
func (c *checker) share(p *syntax.Percent) float64 {
	if p.Value > 100 {
		c.report(errControlShare(p))
	}
	return p.Value
}

// channel resolves a channel of people; "" for another one, which is
// reported.
func (c *checker) channel(name *syntax.Name, others ...string) string {
	switch {
	case name.Text == "" || slices.Contains(personalChannels, name.Text) || slices.Contains(others, name.Text):
		return name.Text
	case name.Text == "webhook":
		c.report(errWebhookSetting(name))
	default:
		c.report(errNoChannel(name, append(slices.Clone(personalChannels), others...)))
	}
	return ""
}

func (c *checker) quiet(item *syntax.Quiet) {
	if item.Broken() {
		return
	}
	q := Quiet{From: item.From.Value, To: item.To.Value, Days: weekdays(item.Days)}
	for i := range item.Channels {
		if name := c.channel(&item.Channels[i]); name != "" {
			q.Channels = append(q.Channels, name)
		}
	}
	if q.From == q.To && q.Days == 0 { // of some days they are the whole days
		c.report(errEmptyQuiet(item.To.Span()))
		return
	}
	if len(q.Channels) < len(item.Channels) {
		return // reported
	}
	s := &c.prog.Settings
	s.Quiet = append(s.Quiet, q)
	for _, channel := range personalChannels {
		if (len(q.Channels) == 0 || slices.Contains(q.Channels, channel)) && c.quietHours.add(channel, q) {
			c.report(errAlwaysQuiet(item.Word(), channel))
			break
		}
	}
}

const (
	minutesOfDay  = 24 * 60
	minutesOfWeek = 7 * minutesOfDay
)

// quietWeek are the minutes of the week in which it is quiet, by channel.
type quietWeek map[string]*[minutesOfWeek]bool

// add takes quiet hours; it says whether they are the last ones that leave a
// channel no minute.
func (w quietWeek) add(channel string, q Quiet) (always bool) {
	week := w[channel]
	if week == nil {
		week = new([minutesOfWeek]bool)
		w[channel] = week
	}
	to := int(q.To)
	if q.To <= q.From {
		to += minutesOfDay
	}
	fresh := false
	for day := range 7 {
		if !q.Days.Has(time.Weekday(day)) {
			continue
		}
		for m := int(q.From); m < to; m++ {
			minute := &week[(day*minutesOfDay+m)%minutesOfWeek]
			fresh = fresh || !*minute
			*minute = true
		}
	}
	return fresh && !slices.Contains(week[:], false)
}

// maxCapPer bounds the window of a cap: what was sent is remembered so long.
const maxCapPer = 366 * value.Day

func (c *checker) capacity(item *syntax.Cap) {
	if item.Broken() {
		return
	}
	limit := Cap{Channel: c.channel(&item.Channel, allChannels), Count: int(item.Count.Value), Calendar: item.Calendar, Span: item.Span()}
	if item.Count.Value < 1 || item.Count.Value > 1_000_000 || item.Count.Value != math.Trunc(item.Count.Value) {
		c.report(errCapCount(&item.Count))
	}
	if item.Per != nil {
		limit.Per = item.Per.Value
		if limit.Per <= 0 || limit.Per > maxCapPer {
			c.report(errCapPer(item.Per))
		}
	}
	if limit.Channel == "" {
		return // reported
	}
	if limit.Channel == allChannels {
		limit.Channel = ""
	}
	c.prog.Settings.Caps = append(c.prog.Settings.Caps, limit)
}

func (c *checker) suppress(item *syntax.Suppress) {
	rule := Suppress{}
	if item.Channel != nil {
		if rule.Channel = c.channel(item.Channel); rule.Channel == "" {
			return
		}
	}
	scope := c.person()
	if rule.When = c.expr(item.When, &scope, cond.Condition); rule.When != nil {
		c.prog.Settings.Suppress = append(c.prog.Settings.Suppress, rule)
	}
}

// topics takes the topics of the workspace. In conditions and templates
// `profile.topics` has just these; data may have others.
func (c *checker) topics() {
	trait := c.prog.traits["topics"]
	known := &value.Type{Kind: value.Object, Fields: slices.Clone(trait.Type.Fields)}
	for _, item := range topicClauses(c.workspace) {
		for _, t := range item.Items {
			if t == nil || t.Name.Text == "" {
				continue
			}
			if first, there := c.names.topics[t.Name.Text]; there {
				c.report(errDuplicate("topic", &t.Name, first))
				continue
			}
			c.names.topics[t.Name.Text] = t.Name.Span()
			c.prog.Settings.Topics = append(c.prog.Settings.Topics, Topic{Name: t.Name.Text, Title: text(t.Title), Span: t.Name.Span()})
			if _, there := known.Field(t.Name.Text); !there {
				known.Fields = append(known.Fields, value.Field{Name: t.Name.Text, Wire: t.Name.Text, Type: &value.Type{Kind: value.Boolean}, Optional: true})
			}
		}
	}
	c.names.traits["topics"] = known
}

func topicClauses(w *syntax.Workspace) []*syntax.Topics {
	var list []*syntax.Topics
	if w != nil {
		for _, item := range w.Settings.Items {
			if t, ok := item.(*syntax.Topics); ok {
				list = append(list, t)
			}
		}
	}
	return list
}
