package main

import (
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strings"
	"time"
)

// journeyd is a running `journeyd dev`.
type journeyd struct {
	*child
	api      string // host:port
	temporal string
	ready    time.Duration // from the start of the process to a 200 of /readyz
}

// startJourneyd starts the server with a workspace, on any free port.
func (b *bench) startJourneyd(dir string, args ...string) (*journeyd, error) {
	begun := time.Now()
	c, err := start(b.journeyd, append([]string{"dev", dir, "--listen", "127.0.0.1:0"}, args...)...)
	if err != nil {
		return nil, err
	}
	j := &journeyd{child: c}
	if err := j.listen(begun); err != nil {
		c.kill()
		return nil, fmt.Errorf("journeyd does not start: %w\n%s", err, c.errs)
	}
	return j, nil
}

var (
	apiLine      = regexp.MustCompile(`API\s+http://(\S+)`)
	temporalLine = regexp.MustCompile(`Temporal\s+(\S+)`)
)

// listen reads what the server says of itself, and waits until it is ready.
func (j *journeyd) listen(begun time.Time) error {
	var said strings.Builder
	for {
		line, err := j.lines.ReadString('\n')
		said.WriteString(line)
		if err != nil {
			return err
		}
		if strings.HasPrefix(line, "Paste this") {
			break
		}
	}
	go io.Copy(io.Discard, j.lines)
	api, temporal := apiLine.FindStringSubmatch(said.String()), temporalLine.FindStringSubmatch(said.String())
	if api == nil || temporal == nil {
		return fmt.Errorf("it does not say where it is: %s", said.String())
	}
	j.api, j.temporal = api[1], temporal[1]
	err := eventually(30*time.Second, "the server is ready", func() error {
		res, err := http.Get("http://" + j.api + "/readyz")
		if err != nil {
			return err
		}
		_ = res.Body.Close()
		if res.StatusCode != http.StatusOK {
			return fmt.Errorf("readyz says %d", res.StatusCode)
		}
		return nil
	})
	j.ready = time.Since(begun)
	return err
}
