package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"journey/engine"
)

// Somebody is erased while a journey of his waits, and the server is killed at
// any moment of it: his run stops, nothing more is sent to him, and in the end
// nothing of him is anywhere in the folder of the data.

const waitingFlow = `
event noted { note: text optional }
journey patient {
  enter on noted
  again after exit
  send first
  wait 6 seconds
  send second
}
message first via email { subject "{{ profile.name | default: '' }}" text "first {{ entry.note | default: '' }}" }
message second via email { subject "{{ profile.name | default: '' }}" text "second" }
`

// traces are parts of what is known of whom that test erases.
var traces = []string{"ottoline", "gravelworth", "erasemail", "notesecret", "usertrace"}

func erasedIn(kind string) func(*scene) {
	return func(s *scene) {
		s.needs(kind)
		data := s.TempDir()
		args := []string{workspace(s.T, waitingFlow), "--data", data, "--redis", kind}
		p := startDev(s.T, args...)
		other := track("stays", "noted", nil, nil)
		other["context"] = map[string]any{"traits": reachable("stays@other.example")}
		p.insist("/v1/track", other)
		p.insist("/v1/identify", map[string]any{"anonymousId": "usertrace-device", "traits": map[string]any{"name": "Ottoline"}})
		call := track("usertrace", "noted", map[string]any{"note": "notesecret"}, nil)
		call["anonymousId"] = "usertrace-device"
		traits := reachable("ottoline@erasemail.example")
		traits["name"] = "Ottoline Gravelworth"
		call["context"] = map[string]any{"traits": traits}
		p.insist("/v1/track", call)
		p.waitMails(2, time.Minute)
		if len(s.traced(data)) == 0 {
			s.Error("the search finds nothing while everything is there")
		}

		wish, _ := json.Marshal(map[string]any{"person": "email:ottoline@erasemail.example", "mode": engine.SuppressWithDelete})
		asked := make(chan struct{})
		go func() {
			defer close(asked)
			req, err := http.NewRequest(http.MethodPost, p.api+"/v1/admin/erasures", bytes.NewReader(wish))
			if err == nil {
				req.Header.Set("Authorization", "Bearer admin")
				_, _, _ = do(req)
			}
		}()
		nap(context.Background(), s.between(0, 40*time.Millisecond))
		s.happens("kill -9")
		p.kill()
		<-asked
		p = startDev(s.T, args...)
		s.happens("it runs again")
		s.ask(p, wish) // its client repeats it, if it was not answered

		late := track("usertrace", "noted", map[string]any{"note": "notesecret late"}, nil)
		p.insist("/v1/track", late)
		eventually(s.T, 2*time.Minute, "the erasures are finished", func() error {
			_, body, err := p.asAdmin("/v1/admin/erasures")
			if err != nil {
				return err
			}
			var list struct{ Erasures []engine.Erasure }
			if err := json.Unmarshal([]byte(body), &list); err != nil {
				return err
			}
			for _, e := range list.Erasures {
				if e.State != engine.ErasureFinished {
					return fmt.Errorf("%+v", e)
				}
			}
			if len(list.Erasures) == 0 {
				return fmt.Errorf("there is none")
			}
			return nil
		})
		mails := p.waitMails(2, time.Minute) // both of the one who stays
		for _, m := range mails {
			if m.To[0] != "stays@other.example" {
				s.Errorf("a mail to %s", m.To[0])
			}
		}
		if code := p.end(); code != 0 {
			s.Errorf("exit code %d", code)
		}
		for file, words := range s.traced(data) {
			s.Errorf("%s holds %s", file, words)
		}
	}
}

// ask asks for an erasure until it is answered. Somebody may be gone already.
func (s *scene) ask(p *process, wish []byte) {
	eventually(s.T, time.Minute, "the erasure is answered", func() error {
		req, err := http.NewRequest(http.MethodPost, p.api+"/v1/admin/erasures", bytes.NewReader(wish))
		if err != nil {
			return err
		}
		req.Header.Set("Authorization", "Bearer admin")
		code, body, err := do(req)
		if err == nil && code != http.StatusAccepted {
			err = fmt.Errorf("%d %s", code, body)
		}
		return err
	})
}

// traced are the files of a folder that hold what is known of him, and which.
func (s *scene) traced(dir string) map[string]string {
	found := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return nil // files come and go while a server runs
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return nil
		}
		text = bytes.ToLower(text)
		var words []string
		for _, word := range traces {
			for _, form := range forms(word) {
				if bytes.Contains(text, []byte(form)) {
					words = append(words, form)
				}
			}
		}
		if len(words) > 0 {
			name, _ := filepath.Rel(dir, path)
			found[name] = strings.Join(words, ", ")
		}
		return nil
	})
	if err != nil {
		s.Fatal(err)
	}
	return found
}
