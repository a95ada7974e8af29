// Command clients runs one of the Go clients as its documentation says:
// identify, track, page, alias and a batch of five events, for one person.
//
//	clients CLIENT HOST KEY USER ANONYMOUS TIME
package main

import (
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/posthog/posthog-go"
	"gopkg.in/segmentio/analytics-go.v3"
)

// messages is how many there are. Closing a client gives up what it would
// repeat, so all are waited for before.
const messages = 9

// reports are told what became of the messages.
type (
	reports  chan error
	captured chan error
)

func (r reports) Success(analytics.Message)              { r <- nil }
func (r reports) Failure(_ analytics.Message, err error) { r <- err }
func (r captured) Success(posthog.APIMessage)            { r <- nil }
func (r captured) Failure(_ posthog.APIMessage, err error) {
	r <- err
}

func waited(reports chan error) error {
	var all error
	for range messages {
		all = errors.Join(all, <-reports)
	}
	return all
}

func main() {
	name, host, key, user, anonymous := os.Args[1], os.Args[2], os.Args[3], os.Args[4], os.Args[5]
	at, err := time.Parse(time.RFC3339, os.Args[6])
	if err == nil {
		switch name {
		case "analytics-go":
			err = segment(host, key, user, anonymous, at)
		case "posthog-go":
			err = capture(host, key, user, anonymous, at)
		}
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func segment(host, key, user, anonymous string, at time.Time) error {
	taken := make(reports, messages)
	c, err := analytics.NewWithConfig(key, analytics.Config{Endpoint: host, BatchSize: messages, Callback: taken})
	if err != nil {
		return err
	}
	order := func(total int) analytics.Track {
		return analytics.Track{UserId: user, Event: "Order Completed", Timestamp: at, Properties: analytics.NewProperties().Set("total", total)}
	}
	list := []analytics.Message{
		analytics.Identify{UserId: user, Timestamp: at, Traits: analytics.NewTraits().SetEmail(user + "@example.com")},
		order(10),
		analytics.Page{AnonymousId: anonymous, Name: "Home", Timestamp: at, Properties: analytics.NewProperties().SetURL("https://shop.example/")},
		analytics.Alias{UserId: user, PreviousId: anonymous, Timestamp: at},
	}
	for n := range 5 {
		list = append(list, order(n+1))
	}
	for _, m := range list {
		if err := c.Enqueue(m); err != nil {
			return err
		}
	}
	return errors.Join(waited(taken), c.Close())
}

func capture(host, key, user, anonymous string, at time.Time) error {
	told := make(captured, messages)
	c, err := posthog.NewWithConfig(key, posthog.Config{Endpoint: host, BatchSize: messages, Callback: told, RetryAfter: func(int) time.Duration { return 50 * time.Millisecond }})
	if err != nil {
		return err
	}
	order := func(total int) posthog.Capture {
		return posthog.Capture{DistinctId: user, Event: "Order Completed", Timestamp: at, Properties: posthog.NewProperties().Set("total", total)}
	}
	list := []posthog.Message{
		posthog.Identify{DistinctId: user, Timestamp: at, Properties: posthog.NewProperties().Set("email", user+"@example.com")},
		order(10),
		posthog.Capture{DistinctId: user, Event: "$pageview", Timestamp: at, Properties: posthog.NewProperties().Set("$current_url", "https://shop.example/").Set("title", "Home")},
		posthog.Alias{DistinctId: user, Alias: anonymous, Timestamp: at},
	}
	for n := range 5 {
		list = append(list, order(n+1))
	}
	for _, m := range list {
		if err := c.Enqueue(m); err != nil {
			return err
		}
	}
	return errors.Join(waited(told), c.Close())
}
