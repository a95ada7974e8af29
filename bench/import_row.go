package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// importRow is a file of people who are all new, sent to the server that the
// event rows measure, with a Redis of its own.
func (b *bench) importRow() ([]row, error) {
	var rate, memory sample
	figures := ""
	rounds := min(b.rounds, 3)
	for round := range rounds {
		r, err := b.importOnce(fmt.Sprintf("import%d", round))
		if err != nil {
			return nil, err
		}
		rate, memory, figures = append(rate, r.rate), append(memory, r.grown), r.figures
	}
	return []row{atLeast(fmt.Sprintf("rows per second, import of %d people who are new", b.rows), "–", rate, 20_000, "", figures+
		fmt.Sprintf("; the server's memory grew by %s MB from a twentieth of the file to its end, people in memory included", memory.spread()))}, nil
}

type importRun struct {
	rate, grown float64 // rows a second; MB
	figures     string
}

func (b *bench) importOnce(name string) (importRun, error) {
	var none importRun
	redis, url, err := redisServer(filepath.Join(b.dir, name))
	if err != nil {
		return none, err
	}
	defer redis.end()
	s, addr, err := server("journey", "-redis", url)
	if err != nil {
		return none, err
	}
	defer s.end()
	file, send := io.Pipe()
	early := 0.0
	go func() {
		w := bufio.NewWriterSize(send, 64<<10)
		fmt.Fprint(w, "id,email,name,city,plan\n")
		for i := range b.rows {
			if i == b.rows/20 {
				early = resident(s)
			}
			fmt.Fprintf(w, "%d,person%d@example.com,王小明 %d,台北,%d\n", i, i, i, i%7)
		}
		_ = w.Flush()
		_ = send.Close()
	}()
	req, err := http.NewRequest(http.MethodPost, "http://"+strings.TrimPrefix(addr, "http://")+"/v1/imports/people", file)
	if err != nil {
		return none, err
	}
	req.SetBasicAuth("admin", "")
	before, begun := [2]float64{cpu(s), cpu(redis)}, time.Now()
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return none, err
	}
	defer res.Body.Close()
	var sum struct {
		Stored int  `json:"stored"`
		Done   bool `json:"complete"`
	}
	if err := json.NewDecoder(res.Body).Decode(&sum); err != nil || !sum.Done || sum.Stored != b.rows {
		return none, errors.Join(fmt.Errorf("the import answered %d: %+v", res.StatusCode, sum), err)
	}
	took := time.Since(begun).Seconds()
	n := float64(b.rows)
	return importRun{n / took, resident(s) - early, fmt.Sprintf("CPU a row %.0f + %.0f (Redis) µs",
		(cpu(s)-before[0])/n*1e6, (cpu(redis)-before[1])/n*1e6)}, nil
}

// resident is the memory of a child in MB; 0 where /proc does not tell it.
func resident(c *child) float64 {
	data, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", c.cmd.Process.Pid))
	_, rest, ok := strings.Cut(string(data), "VmRSS:")
	var kb float64
	if _, err := fmt.Sscan(rest, &kb); !ok || err != nil {
		return 0
	}
	return kb / 1024
}
