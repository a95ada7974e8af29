package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"
)

// The environment variables that stand in for flags.
const (
	envServer = "JOURNEY_SERVER"
	envKey    = "JOURNEY_KEY"
)

// answerLimit is how much of a server's answer is read.
const answerLimit = 16 << 20

// client talks to the admin API of a server.
type client struct {
	server string
	key    string
}

// flags adds the flags that say which server, and with what key.
func (c *client) flags(cmd *cobra.Command) {
	cmd.Flags().StringVar(&c.server, "server", "", "address of the server, like http://127.0.0.1:8080 (or "+envServer+")")
	cmd.Flags().StringVar(&c.key, "key", "", "admin key (or "+envKey+"; that of a server in dev is admin)")
}

// ready completes the flags from the environment and judges them.
func (c *client) ready() error {
	if c.server == "" {
		c.server = os.Getenv(envServer)
	}
	if c.key == "" {
		c.key = os.Getenv(envKey)
	}
	if c.server == "" {
		return usage("say which server, as in --server http://127.0.0.1:8080 (or set %s)", envServer)
	}
	u, err := url.Parse(c.server)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return usage("--server %q is no address: write it like http://127.0.0.1:8080", c.server)
	}
	if c.key == "" {
		return usage("say the admin key, as in --key KEY (or set %s)", envKey)
	}
	c.server = strings.TrimSuffix(c.server, "/")
	return nil
}

// problem is an answer that is no success, in the form of RFC 9457 as far as
// the server speaks it.
type problem struct {
	Title       string            `json:"title"`
	Detail      string            `json:"detail"`
	Code        string            `json:"code"`
	Field       string            `json:"field"` // what it is about
	RequestID   string            `json:"request_id"`
	Diagnostics []json.RawMessage `json:"diagnostics"`

	status int
}

func (p *problem) Error() string {
	what := p.Detail
	if what == "" {
		what = p.Title
	}
	if what == "" {
		what = http.StatusText(p.status)
	}
	if p.Field != "" {
		what = p.Field + ": " + what
	}
	s := fmt.Sprintf("the server answered %d: %s", p.status, what)
	if p.status == http.StatusUnauthorized || p.status == http.StatusForbidden {
		s += " (is it the admin key, --key or " + envKey + "?)"
	}
	if p.RequestID != "" {
		s += " (request " + p.RequestID + ")"
	}
	return s
}

// call sends a request and reads the answer into out. An answer that is no
// success is a *problem.
func (c *client) call(ctx context.Context, method, path string, in, out any) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	var body io.Reader
	if in != nil {
		b, err := json.Marshal(in)
		if err != nil {
			return err
		}
		body = bytes.NewReader(b)
	}
	req, err := http.NewRequestWithContext(ctx, method, c.server+path, body)
	if err != nil {
		return err
	}
	req.Header.Set("Accept", "application/json")
	req.Header.Set("Authorization", "Bearer "+c.key)
	if in != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		var u *url.Error
		if errors.As(err, &u) {
			err = u.Err // the address is told anyway
		}
		return fmt.Errorf("no answer from %s: %w", c.server, err)
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(res.Body, answerLimit))
	if err != nil {
		return fmt.Errorf("the answer of %s broke off: %w", c.server, err)
	}
	if res.StatusCode/100 != 2 {
		p := &problem{status: res.StatusCode}
		_ = json.Unmarshal(answer, p) // whatever it is, the status says enough
		return p
	}
	if err := json.Unmarshal(answer, out); err != nil {
		return fmt.Errorf("%s does not answer as a Journey server: %w", c.server, err)
	}
	return nil
}

// failed is the error of a command that asked a server.
func failed(err error) error { return &exit{exitFailed, err} }
