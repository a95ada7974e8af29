package ingest

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	_ "embed" // the script
	"encoding/hex"
	"fmt"
	"net/http"
	"strings"
)

// script is what web pages load. Its head says how.
//
//go:embed web/j.js
var script []byte

// scriptFile is the script as it is answered.
type scriptFile struct {
	packed []byte // gzip
	tag    string // ETag
}

func newScriptFile() (*scriptFile, error) {
	var b bytes.Buffer
	w, err := gzip.NewWriterLevel(&b, gzip.BestCompression)
	if err == nil {
		_, err = w.Write(script)
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		return nil, fmt.Errorf("pack the script of web pages: %w", err)
	}
	sum := sha256.Sum256(script)
	return &scriptFile{packed: b.Bytes(), tag: `"` + hex.EncodeToString(sum[:8]) + `"`}, nil
}

// serve answers the script. Pages of any origin may load it.
func (f *scriptFile) serve(c *request) error {
	h := c.Response().Header()
	h.Set("Content-Type", "text/javascript; charset=utf-8")
	h.Set("Cache-Control", "public, max-age=3600")
	h.Set("ETag", f.tag)
	h.Set("Vary", "Accept-Encoding")
	h.Set("Access-Control-Allow-Origin", "*")
	h.Set("Cross-Origin-Resource-Policy", "cross-origin")
	h.Set("X-Content-Type-Options", "nosniff")
	r := c.Request()
	if r.Header.Get("If-None-Match") == f.tag {
		c.Response().WriteHeader(http.StatusNotModified)
		return nil
	}
	text := script
	if strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
		h.Set("Content-Encoding", "gzip")
		text = f.packed
	}
	c.Response().WriteHeader(http.StatusOK)
	if r.Method != http.MethodHead {
		_, _ = c.Response().Write(text)
	}
	return nil
}

// optsOut says whether a browser sends the Global Privacy Control.
func optsOut(h http.Header) bool {
	v := h["Sec-Gpc"]
	return len(v) > 0 && v[0] == "1"
}
