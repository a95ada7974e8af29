package forecast

import (
	"cmp"
	"encoding/json"
	"math"
	"slices"

	"journey/dsl"
	"journey/dsl/value"
	"journey/profiles"
)

// doing says what a run does at its step.
var doing = map[profiles.RunState]string{
	profiles.Waiting: "waiting", profiles.Sending: "sending", profiles.Holding: "holding", profiles.Paused: "paused",
}

// Result is what a forecast comes to.
type Result struct {
	From, To value.Time // the beginning (0: with everybody's first call) and the end
	Zone     string     // of the days
	Events   int        // calls of the log that were taken
	Unused   int        // lines that could not be used
	Far      int        // of these, calls more than ten years later than all before them
	After    int        // calls that arrived after the end
	Undated  int        // calls without a time, taken with the one before
	Behind   int        // calls that stood after later ones of their person: they arrived late
	Repeats  int        // calls whose message id had come within a day
	Dropped  int        // identifiers that were somebody else's
	Merged   int        // people who became others
	People   Count      // those there are at the end
	Journeys []Journey  // in the order of the workspace
	Days     []Day      // on which anything happened
	Problems []Problem  // of the log, the most frequent first
	Sample   *Sample    // nil: it is exact

	each map[string]person // by id; nil unless it was asked for
	list []figure
}

// MarshalJSON writes it with times in RFC 3339.
func (r *Result) MarshalJSON() ([]byte, error) {
	from := ""
	if r.From > 0 {
		from = r.From.String()
	}
	return json.Marshal(struct {
		From     string    `json:"from,omitempty"`
		To       string    `json:"to"`
		Zone     string    `json:"zone"`
		Events   int       `json:"events"`
		Unused   int       `json:"unused"`
		Far      int       `json:"far,omitempty"`
		After    int       `json:"after"`
		Undated  int       `json:"undated"`
		Behind   int       `json:"behind"`
		Repeats  int       `json:"repeats"`
		Dropped  int       `json:"dropped_identifiers"`
		Merged   int       `json:"merged"`
		People   Count     `json:"people"`
		Sample   *Sample   `json:"sample,omitempty"`
		Journeys []Journey `json:"journeys"`
		Days     []Day     `json:"days"`
		Problems []Problem `json:"problems,omitempty"`
	}{from, r.To.String(), r.Zone, r.Events, r.Unused, r.Far, r.After, r.Undated, r.Behind, r.Repeats, r.Dropped, r.Merged,
		r.People, r.Sample, r.Journeys, r.Days, r.Problems})
}

// Count is a number of people, runs or sends. In a sample it is an estimate:
// with a probability of 95 % the true number is not further away than Error.
type Count struct {
	N     int64
	Error int64
}

// MarshalJSON writes the number, or an object with its error.
func (c Count) MarshalJSON() ([]byte, error) {
	if c.Error == 0 {
		return json.Marshal(c.N)
	}
	return json.Marshal(map[string]int64{"n": c.N, "plus_minus": c.Error})
}

// Journey is what happens in one.
type Journey struct {
	Name    string    `json:"name"`
	Entered Count     `json:"entered"`
	Refused []Named   `json:"refused,omitempty"` // by reason
	Ended   []Named   `json:"ended,omitempty"`   // by reason
	Sends   []Send    `json:"sends,omitempty"`   // by message
	Goals   []Goal    `json:"goals,omitempty"`
	Inside  []Place   `json:"inside,omitempty"` // where runs stand at the end, in the order of the steps
	Ways    []Passage `json:"ways,omitempty"`   // how often each way was taken, in the order of the steps
}

// Named is a count with its name.
type Named struct {
	Name string `json:"name"`
	N    Count  `json:"n"`
}

// Send is what becomes of a message.
type Send struct {
	Message string  `json:"message"`
	Channel string  `json:"channel"`
	Sent    Count   `json:"sent"`
	Skipped []Named `json:"skipped,omitempty"` // by reason
	Failed  []Named `json:"failed,omitempty"`  // by reason: it cannot be rendered
}

// Goal is how often one is reached, and what it is worth.
type Goal struct {
	Name  string  `json:"name"`
	N     Count   `json:"n"`
	Value float64 `json:"value,omitempty"`
}

// Place is where runs stand.
type Place struct {
	Step  string `json:"step"`
	Line  string `json:"line"`  // file:line
	Doing string `json:"doing"` // waiting, holding, …
	N     Count  `json:"n"`
}

// Passage is a way that runs take from a step.
type Passage struct {
	Step string `json:"step"`
	Line string `json:"line"`
	Way  string `json:"way"`
	N    Count  `json:"n"`
}

// Day is what happens on a day, in the workspace's zone.
type Day struct {
	Day     string           `json:"day"`
	Entered int64            `json:"entered"`
	Sent    map[string]int64 `json:"sent,omitempty"` // by channel
	Goals   int64            `json:"goals"`
}

// Sent are the sends of a channel, in all.
func (r *Result) Sent(channel string) int64 {
	n := int64(0)
	for _, d := range r.Days {
		n += d.Sent[channel]
	}
	return n
}

// Channels are those over which anything is sent, in order.
func (r *Result) Channels() []string {
	var list []string
	for _, d := range r.Days {
		for c := range d.Sent {
			if !slices.Contains(list, c) {
				list = append(list, c)
			}
		}
	}
	slices.Sort(list)
	return list
}

// result sums up what the shards have counted, in their order.
func (f *run) result() *Result {
	sum := newCounts()
	sum.grow(int32(len(f.figures.list)) - 1)
	sum.square = make([]float64, len(f.figures.list))
	res := &Result{
		From: f.o.From, To: f.to, Zone: f.o.Plan.Settings.Zone.String(), Events: f.router.events,
		Unused: f.wrong.unused + f.router.far, Far: f.router.far, After: f.router.after, Undated: f.router.undated,
		Problems: f.wrong.sorted(), list: f.figures.list,
	}
	for n := range shards {
		c := f.workers[n%len(f.workers)].shards[n]
		if c == nil {
			continue
		}
		sum.add(c)
		res.Unused += c.unused
		res.Dropped += c.dropped
		res.Behind += c.behind
		res.Repeats += c.repeats
		res.Merged += c.merged
	}
	scale := f.scale()
	res.Sample = scale.sample()
	res.People = scale.count(float64(sum.people), sum.peopleSquared)
	f.journeys(res, sum, scale)
	res.days(sum, scale)
	if f.o.Each {
		res.each = f.people()
	}
	return res
}

func (c *counts) add(o *counts) {
	for i := range o.n {
		c.n[i] += o.n[i]
		c.value[i] += o.value[i]
	}
	for i := range o.square {
		c.square[i] += o.square[i]
	}
	for d, n := range o.days {
		c.days[d] += n
	}
	c.people += o.people
	c.peopleSquared += o.peopleSquared
}

// journeys are the figures by journey.
func (f *run) journeys(res *Result, sum *counts, scale scale) {
	index := map[string]*Journey{}
	res.Journeys = make([]Journey, len(f.o.Plan.Journeys))
	for i, j := range f.o.Plan.Journeys {
		res.Journeys[i].Name = j.Name
		index[j.Name] = &res.Journeys[i]
	}
	order := make([]int, len(f.figures.list))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return compareFigures(f.figures.list[a], f.figures.list[b]) })
	for _, i := range order {
		x := f.figures.list[i]
		if j := index[x.journey]; j != nil {
			j.take(x, scale.count(float64(sum.n[i]), sum.square[i]), scale.value(sum.value[i]))
		}
	}
	for i, j := range f.o.Plan.Journeys {
		res.Journeys[i].place(j)
	}
}

func compareFigures(a, b figure) int {
	return cmp.Or(cmp.Compare(a.journey, b.journey), cmp.Compare(a.what, b.what), cmp.Compare(a.name, b.name), cmp.Compare(a.detail, b.detail))
}

// take puts a figure where it belongs.
func (j *Journey) take(x figure, n Count, v float64) {
	switch x.what {
	case entered:
		j.Entered = n
	case refused:
		j.Refused = append(j.Refused, Named{x.name, n})
	case ended:
		j.Ended = append(j.Ended, Named{x.name, n})
	case sent:
		s := j.send(x.name)
		s.Sent, s.Channel = n, x.detail
	case skipped:
		s := j.send(x.name)
		s.Skipped = append(s.Skipped, Named{x.detail, n})
	case failed:
		s := j.send(x.name)
		s.Failed = append(s.Failed, Named{x.detail, n})
	case goal:
		j.Goals = append(j.Goals, Goal{x.name, n, v})
	case inside:
		j.Inside = append(j.Inside, Place{Step: x.name, Doing: x.detail, N: n})
	case took:
		j.Ways = append(j.Ways, Passage{Step: x.name, Way: x.detail, N: n})
	}
}

func (j *Journey) send(message string) *Send {
	for i := range j.Sends {
		if j.Sends[i].Message == message {
			return &j.Sends[i]
		}
	}
	j.Sends = append(j.Sends, Send{Message: message})
	return &j.Sends[len(j.Sends)-1]
}

// place gives steps their lines and their order.
func (j *Journey) place(of *dsl.Journey) {
	at, line := map[string]int{}, map[string]string{}
	for i, s := range of.Code {
		h := s.Head()
		at[h.ID], line[h.ID] = i, place{h.Span.File.Name, h.Span.Position().Line}.String()
	}
	for i := range j.Inside {
		j.Inside[i].Line = line[j.Inside[i].Step]
	}
	for i := range j.Ways {
		j.Ways[i].Line = line[j.Ways[i].Step]
	}
	slices.SortStableFunc(j.Inside, func(a, b Place) int { return cmp.Compare(at[a.Step], at[b.Step]) })
	slices.SortStableFunc(j.Ways, func(a, b Passage) int { return cmp.Compare(at[a.Step], at[b.Step]) })
	slices.SortStableFunc(j.Sends, func(a, b Send) int { return cmp.Compare(a.Message, b.Message) })
}

// days are the figures by day.
func (r *Result) days(sum *counts, scale scale) {
	index := map[value.Date]int{}
	var dates []value.Date
	for d := range sum.days {
		if _, met := index[d.date]; !met {
			index[d.date] = 0
			dates = append(dates, d.date)
		}
	}
	slices.Sort(dates)
	r.Days = make([]Day, len(dates))
	for i, d := range dates {
		r.Days[i].Day = d.String()
		index[d] = i
	}
	for d, n := range sum.days {
		to := &r.Days[index[d.date]]
		n = int64(math.Round(scale.value(float64(n))))
		switch d.what {
		case entered:
			to.Entered = n
		case goal:
			to.Goals = n
		default:
			if to.Sent == nil {
				to.Sent = map[string]int64{}
			}
			to.Sent[d.channel] = n
		}
	}
}
