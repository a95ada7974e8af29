// Package why explains one person and one journey: why he is in it, why not,
// what he waits for and until when, what was not sent and for which reason.
//
//	e := why.Explain(world, person, "abandoned_cart", now)
//	fmt.Print(e.Rendered)
//
// It asks the machine through orchestrator.Probe, so that it cannot say
// anything else than what the machine does, and changes nothing. `journey
// simulate --why` asks it about a simulated person, `journey why` and the API
// about a real one.
//
// why.go has the answer's form; entries.go explains why somebody is not in,
// runs.go why he is and what he waits for, checks.go which part of a
// condition does not hold, words.go what the machine's reasons mean. moment.go
// answers smaller questions while something happens, for stories.
package why
