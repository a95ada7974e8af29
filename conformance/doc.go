// Package conformance holds what the language means as data: small workspaces
// with tests of their own, one topic each. They say what the design says, with
// boundaries asked a second to either side; whatever runs journeys conforms if
// all of them pass.
//
//	go run ./cmd/journey test conformance/waits
//	go test -v ./conformance        # all of them, with their number for each topic
//
// The tests beside them hold every file to the style, map each fact in which
// other systems go wrong to the test that shows what is done here
// (facts_test.go), and see to it that what the language reference says was
// chosen where the design was silent has a test (choices_test.go). What a test
// block cannot say, since it has one person, is in merge_test.go.
package conformance
