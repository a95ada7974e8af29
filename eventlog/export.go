package eventlog

import (
	"bufio"
	"cmp"
	"context"
	"encoding/json"
	"io"
	"iter"

	"journey/orchestrator"
	"journey/profiles"
)

// Call is an input as it is posted to the API, and as package forecast reads
// it: a line of an export.
type Call struct {
	Type        string         `json:"type"` // track, identify
	UserID      string         `json:"userId,omitempty"`
	AnonymousID string         `json:"anonymousId,omitempty"`
	MessageID   string         `json:"messageId,omitempty"`
	Event       string         `json:"event,omitempty"`
	Properties  map[string]any `json:"properties,omitempty"`
	Traits      map[string]any `json:"traits,omitempty"`
	Timestamp   string         `json:"timestamp"`
	ReceivedAt  string         `json:"receivedAt"`
}

// Export writes the events and identifications of a log as JSON lines, in the
// order of their instants: those of some profiles, or (nil) of everybody. It
// answers how many there were. Requests, and tags given by hand, are no calls
// and left out.
func (l *Log) Export(ctx context.Context, w io.Writer, of map[string]bool) (n int, err error) {
	out := bufio.NewWriter(w)
	enc := json.NewEncoder(out)
	enc.SetEscapeHTML(false)
	for _, epoch := range l.Epochs {
		for entry, err := range epoch.inOrder(ctx) {
			if err != nil {
				return n, err
			}
			if of != nil && !of[entry.Profile] {
				continue
			}
			for i := range entry.Records {
				call := callOf(&entry.Records[i])
				if call == nil {
					continue
				}
				if err := enc.Encode(call); err != nil {
					return n, err
				}
				n++
			}
		}
	}
	return n, out.Flush()
}

func callOf(r *Record) *Call {
	in := r.Input
	if in == nil || r.Kind != Event && r.Kind != Identify {
		return nil
	}
	c := &Call{Type: "identify", MessageID: in.ID, Timestamp: in.At.String(), ReceivedAt: r.Now.String()}
	traits := map[string]any{}
	for _, id := range in.Identifiers {
		switch id.Trait {
		case "user_id":
			c.UserID = id.Value
		case "anonymous_id":
			c.AnonymousID = id.Value
		default:
			traits[id.Trait] = id.Value
		}
	}
	for name, v := range in.Traits {
		traits[name] = profiles.Plain(v)
	}
	if len(traits) > 0 {
		c.Traits = traits
	}
	if in.Kind == orchestrator.EventInput {
		c.Type, c.Event, c.Timestamp = "track", in.Event.Name, in.Event.At.String()
		c.Properties, _ = profiles.Plain(in.Event.Props.Map()).(map[string]any)
	}
	return c
}

// inOrder are the entries of all partitions by the instant of their first
// record.
func (e *Epoch) inOrder(ctx context.Context) iter.Seq2[*Entry, error] {
	return func(yield func(*Entry, error) bool) {
		type head struct {
			entry *Entry
			next  func() (*Entry, error, bool)
		}
		var heads []head
		for _, p := range e.Partitions() {
			next, stop := iter.Pull2(e.Entries(ctx, p))
			defer stop()
			if entry, err, ok := next(); err != nil {
				yield(nil, err)
				return
			} else if ok {
				heads = append(heads, head{entry, next})
			}
		}
		for len(heads) > 0 {
			first := 0 // of at most 256
			for i := range heads {
				if cmp.Less(heads[i].entry.at(), heads[first].entry.at()) {
					first = i
				}
			}
			if !yield(heads[first].entry, nil) {
				return
			}
			entry, err, ok := heads[first].next()
			switch {
			case err != nil:
				yield(nil, err)
				return
			case ok:
				heads[first].entry = entry
			default:
				heads[first] = heads[len(heads)-1]
				heads = heads[:len(heads)-1]
			}
		}
	}
}

// at is the instant of the first record; 0: there is none.
func (e *Entry) at() int64 {
	if len(e.Records) == 0 {
		return 0
	}
	return int64(e.Records[0].Now)
}
