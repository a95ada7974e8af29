package ingest

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"net/http"
	"strings"
	"time"

	"journey/ingest/sources"
)

// Keys are write keys by the name of their source, each of which may send
// what it likes. Only hashes of keys are compared: the time tells nothing of
// them.
func Keys(bySource map[string]string) func(key string) (*sources.Live, bool) {
	byHash := make(map[[sha256.Size]byte]*sources.Live, len(bySource))
	for source, key := range bySource {
		if key != "" {
			byHash[sha256.Sum256([]byte(key))] = sources.Fixed(source)
		}
	}
	return func(key string) (*sources.Live, bool) {
		source, ok := byHash[sha256.Sum256([]byte(key))]
		return source, ok
	}
}

// maxCredentials is the size, in bytes, of an Authorization header that is
// looked at.
const maxCredentials = 1024

// credentials is the key in a header: X-Write-Key, the user of Basic, or a
// Bearer token; "" if there is none.
func credentials(h http.Header) (key string, bearer bool) {
	if own := h["X-Write-Key"]; len(own) == 1 && len(own[0]) <= maxCredentials {
		return own[0], false
	}
	values := h["Authorization"]
	if len(values) == 0 || len(values[0]) > maxCredentials {
		return "", false
	}
	scheme, rest, _ := strings.Cut(values[0], " ")
	rest = strings.TrimSpace(rest)
	switch {
	case strings.EqualFold(scheme, "Bearer"):
		return rest, true
	case strings.EqualFold(scheme, "Basic"):
		var buf [maxCredentials]byte
		n, err := base64.StdEncoding.Decode(buf[:], []byte(rest))
		if err != nil {
			return "", false
		}
		user, _, _ := strings.Cut(string(buf[:n]), ":")
		return user, false
	}
	return "", false
}

// source is the source that a write key belongs to, if it may send now.
func (s *Server) source(key string) (*sources.Live, *problem) {
	if key == "" {
		return nil, refuse(http.StatusUnauthorized, "missing-key",
			"no write key was sent: send it as the user of Basic authentication with an empty password, or as writeKey in the body")
	}
	source := s.find(key)
	now := s.o.Now()
	switch {
	case source == nil:
		return nil, refuse(http.StatusUnauthorized, "unknown-key", "the write key belongs to no source: see write_keys in the server's configuration, or journey sources")
	case source.Off():
		return nil, refuse(http.StatusNotFound, "source-off", "the source of this write key is switched off")
	}
	if wait := source.Wait(now); wait > 0 {
		source.Count(sources.Limited, 1, now)
		after := int((wait + time.Second - 1) / time.Second)
		p := refuse(http.StatusTooManyRequests, "rate-limited", "this source sends more than its rate: send the same again later")
		p.Retryable, p.after, p.reset = true, after, now.Add(wait)
		return nil, p
	}
	return source, nil
}

// find is the source of a key; nil: there is none.
func (s *Server) find(key string) *sources.Live {
	if s.o.WriteKeys == nil {
		return nil
	}
	if source, ok := s.o.WriteKeys(key); ok {
		return source
	}
	if _, secret, pair := strings.Cut(key, ":"); pair { // Jitsu's keys: ID:SECRET
		if source, ok := s.o.WriteKeys(secret); ok {
			return source
		}
	}
	return nil
}

// admin lets only the admin key pass.
func (s *Server) admin(h http.Header) *problem {
	key, _ := credentials(h)
	switch {
	case s.o.AdminKey == "":
		return refuse(http.StatusUnauthorized, "no-admin-key", "this server has no admin key: set admin_key in its configuration")
	case key == "":
		return refuse(http.StatusUnauthorized, "missing-key", "this needs the admin key: send it as a Bearer token or as the user of Basic authentication")
	}
	sent, want := sha256.Sum256([]byte(key)), sha256.Sum256([]byte(s.o.AdminKey))
	if subtle.ConstantTimeCompare(sent[:], want[:]) != 1 {
		return refuse(http.StatusUnauthorized, "unknown-key", "this is not the admin key")
	}
	return nil
}
