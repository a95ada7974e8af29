package graph

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
)

// Counts are the numbers of a forecast, by journey.
type Counts map[string]*JourneyCounts

// JourneyCounts are the numbers of one journey.
type JourneyCounts struct {
	Entered int64
	Ways    map[[2]string]int64 // by step and way: how often it was taken
	Inside  map[string]int64    // by step: how many stand there at the end
	Ended   map[string]int64    // by reason
	Goals   map[string]int64
}

// ReadCounts reads what `journey forecast --json` writes.
func ReadCounts(r io.Reader) (Counts, error) {
	type named struct {
		Name string `json:"name"`
		N    number `json:"n"`
	}
	type forecast struct {
		Journeys []struct {
			Name    string  `json:"name"`
			Entered number  `json:"entered"`
			Ended   []named `json:"ended"`
			Goals   []named `json:"goals"`
			Inside  []struct {
				Step string `json:"step"`
				N    number `json:"n"`
			} `json:"inside"`
			Ways []struct {
				Step string `json:"step"`
				Way  string `json:"way"`
				N    number `json:"n"`
			} `json:"ways"`
		} `json:"journeys"`
	}
	// The first object is the forecast of the workspace; others compare it.
	var line struct {
		Forecast *forecast `json:"forecast"`
		forecast
	}
	if err := json.NewDecoder(r).Decode(&line); err != nil {
		return nil, fmt.Errorf("it is no forecast as `journey forecast --json` writes it: %w", err)
	}
	in := line.forecast
	if line.Forecast != nil {
		in = *line.Forecast
	}
	if in.Journeys == nil {
		return nil, errors.New("it is no forecast as `journey forecast --json` writes it: it has no journeys")
	}
	all := Counts{}
	for _, j := range in.Journeys {
		c := &JourneyCounts{
			Entered: int64(j.Entered), Ways: map[[2]string]int64{}, Inside: map[string]int64{},
			Ended: map[string]int64{}, Goals: map[string]int64{},
		}
		for _, x := range j.Ways {
			c.Ways[[2]string{x.Step, x.Way}] += int64(x.N)
		}
		for _, x := range j.Inside {
			c.Inside[x.Step] += int64(x.N)
		}
		for _, x := range j.Ended {
			c.Ended[x.Name] = int64(x.N)
		}
		for _, x := range j.Goals {
			c.Goals[x.Name] = int64(x.N)
		}
		all[j.Name] = c
	}
	return all, nil
}

// number is a count, or an estimated one: {"n": 120, "plus_minus": 8}.
type number int64

// UnmarshalJSON reads either.
func (n *number) UnmarshalJSON(b []byte) error {
	if len(b) > 0 && b[0] == '{' {
		var est struct {
			N int64 `json:"n"`
		}
		err := json.Unmarshal(b, &est)
		*n = number(est.N)
		return err
	}
	return json.Unmarshal(b, (*int64)(n))
}

// of are a journey's counts; nil where there are none.
func (c Counts) of(g *Graph) *JourneyCounts { return c[g.Name] }

// way is how often a way was taken, as text; "" without counts.
func (c *JourneyCounts) way(step, way string) string {
	if c == nil {
		return ""
	}
	return thousands(c.Ways[[2]string{step, way}])
}

// inside is how many stand at a step, as text; "" for none.
func (c *JourneyCounts) inside(step string) string {
	if c == nil || c.Inside[step] == 0 {
		return ""
	}
	return thousands(c.Inside[step]) + " here"
}

// thousands is a number as people read it: 12,345.
func thousands(n int64) string {
	s := strconv.FormatInt(n, 10)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
