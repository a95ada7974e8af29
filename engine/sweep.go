package engine

// sweepState is how far this process is in fitting people to a new release.
type sweepState struct{}
