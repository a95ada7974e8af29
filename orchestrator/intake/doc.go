// Package intake reads what arrives, with names and values as they are on the
// wire, into inputs of the machine: declared values by their types, events by
// their names, identifiers in their order.
//
// Both drivers read by it, so that a simulation takes a file of calls as
// production takes them over HTTP.
package intake
