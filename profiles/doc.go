// Package profiles is about the person: what is known of somebody, who
// somebody is, and how arriving values are cleaned.
//
// Start with Person in person.go: all of somebody as one plain value. The
// machine (package orchestrator) changes it, the store (package store below
// this one) keeps it in Redis, and View shows it to the outside as a profile.
package profiles
