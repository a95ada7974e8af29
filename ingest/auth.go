package ingest

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"net/http"
	"strings"
)

// Keys are write keys by the name of their source. All of them are compared,
// by their hashes, whatever key is asked for: the time tells nothing of them.
func Keys(bySource map[string]string) func(key string) (source string, ok bool) {
	type entry struct {
		sum    [sha256.Size]byte
		source string
	}
	list := make([]entry, 0, len(bySource))
	for source, key := range bySource {
		if key != "" {
			list = append(list, entry{sha256.Sum256([]byte(key)), source})
		}
	}
	return func(key string) (source string, ok bool) {
		sum := sha256.Sum256([]byte(key))
		for i := range list {
			if subtle.ConstantTimeCompare(sum[:], list[i].sum[:]) == 1 {
				source, ok = list[i].source, true
			}
		}
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

// source is the source that a write key belongs to.
func (s *Server) source(key string) (string, *problem) {
	if key == "" {
		return "", refuse(http.StatusUnauthorized, "missing-key",
			"no write key was sent: send it as the user of Basic authentication with an empty password, or as writeKey in the body")
	}
	if s.o.WriteKeys != nil {
		if source, ok := s.o.WriteKeys(key); ok {
			return source, nil
		}
		if _, secret, pair := strings.Cut(key, ":"); pair { // Jitsu's keys: ID:SECRET
			if source, ok := s.o.WriteKeys(secret); ok {
				return source, nil
			}
		}
	}
	return "", refuse(http.StatusUnauthorized, "unknown-key", "the write key belongs to no source: see write_keys in the server's configuration")
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
