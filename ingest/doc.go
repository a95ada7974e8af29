// Package ingest is the HTTP API: what Segment's clients speak, the start of
// a journey on request, profiles, releases, health and metrics.
//
// Start with Options and Server in server.go. A key is looked up (auth.go,
// package sources), a posted body is read (body.go), decoded within strict
// bounds (json.go), taken apart into calls (envelope.go; posthog.go for what
// PostHog's clients write), handed to the engine and answered (calls.go,
// post.go). Nothing is acknowledged before the engine has committed it.
// web/j.js is the script for web pages. docs/http-api.md is all of it from a
// client's side.
package ingest
