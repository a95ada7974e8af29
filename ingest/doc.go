// Package ingest is the HTTP API: what Segment's clients speak, the start of
// a journey on request, profiles, releases, health and metrics.
//
// Start with Options and Server in server.go. A posted body is read
// (body.go), decoded within strict bounds (json.go), taken apart into calls
// (envelope.go), handed to the engine and answered (calls.go). Nothing is
// acknowledged before the engine has committed it. docs/http-api.md is the
// same from a client's side.
package ingest
