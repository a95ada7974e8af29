package proving

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"journey/dsl/value"
)

// Archive is the case as a file for simulator/testdata; its timeline is
// written by running the tests there with -update.
func (c *Case) Archive() string {
	return fmt.Sprintf("-- w.journey --\n%s-- script --\n%s-- want --\n", c.Program.Text(), c.Script.Text(c.Program.Zone))
}

// Text is the script as the tests of package simulator read it. zone is the
// workspace's.
func (s *Script) Text(zone string) string {
	var b strings.Builder
	loc, err := time.LoadLocation(zone)
	if err != nil {
		loc = time.UTC
	}
	fmt.Fprintf(&b, "start %s\n", time.UnixMilli(int64(s.Start)).In(loc).Format("2006-01-02 15:04"))
	for _, m := range s.Fails {
		fmt.Fprintf(&b, "fails %s\n", m)
	}
	for _, m := range s.Doubts {
		fmt.Fprintf(&b, "# in doubt: %s\n", m)
	}
	for _, in := range s.Inputs {
		if len(in.Traits) > 0 {
			along, err := json.Marshal(nested(in.Traits))
			if err != nil {
				along = []byte(err.Error())
			}
			fmt.Fprintf(&b, "# the next one brings the traits %s\n", along)
		}
		fmt.Fprintf(&b, "%s %s", offset(in.At-s.Start), in.Kind)
		if in.Kind != InputSet {
			b.WriteString(" " + in.Name)
		}
		raw, err := json.Marshal(in.Raw())
		if err != nil {
			raw = []byte(err.Error())
		}
		if len(in.Props) > 0 || in.Kind == InputSet {
			fmt.Fprintf(&b, " %s", raw)
		}
		if in.Of != in.At {
			fmt.Fprintf(&b, " of %s", offset(in.Of-s.Start))
		}
		b.WriteByte('\n')
	}
	fmt.Fprintf(&b, "%s end\n", offset(s.Until-s.Start))
	return b.String()
}

func offset(d value.Time) string {
	sign := ""
	if d < 0 {
		sign, d = "-", -d
	}
	sec := int64(d) / 1000
	if ms := int64(d) % 1000; ms != 0 {
		return fmt.Sprintf("%s%d.%03ds", sign, sec, ms)
	}
	if sec%60 != 0 {
		return fmt.Sprintf("%s%dh%dm%ds", sign, sec/3600, sec/60%60, sec%60)
	}
	return fmt.Sprintf("%s%dh%dm", sign, sec/3600, sec/60%60)
}

// Raw are the input's values as JSON brings them.
func (in *Input) Raw() map[string]any { return nested(in.Props) }

// RawTraits are the traits that came along with an event.
func (in *Input) RawTraits() map[string]any { return nested(in.Traits) }

func nested(values map[string]any) map[string]any {
	out := make(map[string]any, len(values))
	for name, v := range values {
		v = raw(v)
		if top, key, cut := strings.Cut(name, "."); cut {
			obj, _ := out[top].(map[string]any)
			if obj == nil {
				obj = map[string]any{}
				out[top] = obj
			}
			obj[key] = v
			continue
		}
		out[name] = v
	}
	return out
}

func raw(v any) any {
	switch v := v.(type) {
	case value.Time:
		return time.UnixMilli(int64(v)).UTC().Format("2006-01-02T15:04:05.999Z07:00")
	case value.Date:
		return v.String()
	case value.Duration:
		return fmt.Sprintf("%ds", int64(v)/1000)
	}
	return v
}
