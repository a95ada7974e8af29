package main

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"text/tabwriter"

	"journey/dsl/value"
	"journey/forecast"
)

// tellForecast writes a forecast for people.
func tellForecast(out io.Writer, dir string, r *forecast.Result) error {
	fmt.Fprintf(out, "%s: %s of %s people, until %s\n", dir, count(r.Events, "event"), number(r.People), localTime(r.To, r.Zone))
	if s := r.Sample; s != nil {
		fmt.Fprintf(out, "Estimated from %d of %d people (those with common identifiers are one): the true number\nis within ± of what is said in 19 of 20 cases. Numbers of days have no error.\n", s.Drawn, s.Groups)
	}
	tellDoubts(out, r)
	for i := range r.Journeys {
		tellJourney(out, &r.Journeys[i])
	}
	tellDays(out, r)
	return nil
}

// localTime is an instant in a zone, by its name.
func localTime(t value.Time, zone string) string {
	if z, ok := value.Zone(zone); ok {
		return t.In(z).Format("2006-01-02 15:04") + " (" + zone + ")"
	}
	return t.String()
}

// number is a count, with its error if it is an estimate.
func number(c forecast.Count) string {
	s := strconv.FormatInt(c.N, 10)
	if c.Error > 0 {
		s += fmt.Sprintf(" ±%d", c.Error)
	}
	return s
}

// tellDoubts says what of the log was not taken as it stands.
func tellDoubts(out io.Writer, r *forecast.Result) {
	for _, d := range []struct {
		n    int
		what string
	}{
		{r.Unused, "could not be used"},
		{r.Far, "of these lie more than ten years after all before: their clock is wrong"},
		{r.After, "arrived after the end"},
		{r.Undated, "say no time: they happened together with the one before"},
		{r.Behind, "stand after later ones of their person: they arrived late"},
		{r.Repeats, "had a message id that had come within a day"},
	} {
		if d.n > 0 {
			fmt.Fprintf(out, "  %s %s\n", count(d.n, "call"), d.what)
		}
	}
	for i, p := range r.Problems {
		if i == 5 {
			fmt.Fprintf(out, "  … and %s more (--json lists them)\n", count(len(r.Problems)-i, "problem"))
			break
		}
		fmt.Fprintf(out, "  %d × %s, first at %s\n", p.N, strings.TrimSpace(p.Field+" "+p.Reason), p.Place)
	}
}

func tellJourney(out io.Writer, j *forecast.Journey) {
	fmt.Fprintf(out, "\n%s\n", j.Name)
	t := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	line := func(what, name, n string) { fmt.Fprintf(t, "  %s\t%s\t%s\n", what, name, n) }
	line("entered", "", number(j.Entered))
	for _, x := range j.Refused {
		line("not entered", x.Name, number(x.N))
	}
	for _, s := range j.Sends {
		if s.Channel != "" {
			line("sent", s.Message+" by "+s.Channel, number(s.Sent))
		}
		for _, x := range s.Skipped {
			line("skipped", s.Message+", "+x.Name, number(x.N))
		}
		for _, x := range s.Failed {
			line("failed", s.Message+", "+x.Name, number(x.N))
		}
	}
	for _, g := range j.Goals {
		n := number(g.N)
		if g.Value != 0 {
			n += ", worth " + strconv.FormatFloat(g.Value, 'f', -1, 64)
		}
		line("goal", g.Name, n)
	}
	for _, x := range j.Ended {
		line("ended", x.Name, number(x.N))
	}
	for _, p := range j.Inside {
		line(p.Doing, "at "+p.Line+" ("+p.Step+")", number(p.N))
	}
	_ = t.Flush()
}

// tellDays is the table of days, a column for each channel.
func tellDays(out io.Writer, r *forecast.Result) {
	if len(r.Days) == 0 {
		return
	}
	fmt.Fprintln(out)
	channels := r.Channels()
	t := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	head := append([]string{"day", "entered"}, channels...)
	fmt.Fprintln(t, strings.Join(append(head, "goals"), "\t")+"\t")
	for _, d := range r.Days {
		row := []string{d.Day, strconv.FormatInt(d.Entered, 10)}
		for _, c := range channels {
			row = append(row, strconv.FormatInt(d.Sent[c], 10))
		}
		fmt.Fprintln(t, strings.Join(append(row, strconv.FormatInt(d.Goals, 10)), "\t")+"\t")
	}
	_ = t.Flush()
}

// tellChange writes what would be different.
func tellChange(out io.Writer, c *forecast.Change, dir, against string, sample *forecast.Sample) error {
	of := ""
	if sample != nil {
		of = " of the sample"
	}
	fmt.Fprintf(out, "%s instead of %s: for %d of %d people%s something else would happen\n", dir, against, c.People, c.Of, of)
	t := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	for _, d := range c.Differences {
		var who []string
		if d.More > 0 {
			who = append(who, fmt.Sprintf("more for %d", d.More))
		}
		if d.Less > 0 {
			who = append(who, fmt.Sprintf("less for %d", d.Less))
		}
		fmt.Fprintf(t, "  %s\t%s\t%d → %d\t%s\n", d.Journey, difference(d), d.Was, d.Is, strings.Join(who, ", "))
	}
	_ = t.Flush()
	for i, p := range c.Some {
		if i == 0 {
			fmt.Fprintln(out, "\nfor example")
		}
		var what []string
		for _, d := range p.What {
			what = append(what, fmt.Sprintf("%s %s %d → %d", d.Journey, difference(d), d.Was, d.Is))
		}
		fmt.Fprintf(out, "  %s: %s\n", p.Who, strings.Join(what, "; "))
	}
	return nil
}

// difference is what a figure counts, in words.
func difference(d forecast.Difference) string {
	s := strings.TrimSpace(d.What + " " + d.Name)
	switch {
	case d.Detail == "":
	case d.What == "sent":
		s += " by " + d.Detail
	default:
		s += ", " + d.Detail
	}
	return s
}
