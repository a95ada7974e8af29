package workflows

// Point is a place between two steps that are not one step: a process that
// ends there leaves something half done, which the next one must bring to its
// end. The order of the points is that of a run's way.
type Point string

// The points. A reaction passes the first two, a delivery the others.
const (
	AtReaction  Point = "reaction"  // read from the outbox, not yet taken to Temporal
	AtAccepted  Point = "accepted"  // Temporal has accepted it, the outbox still holds it
	AtPrepared  Point = "prepared"  // the provider is ready, nothing is claimed
	AtClaimed   Point = "claimed"   // the claim is committed, the provider has nothing yet
	AtDelivered Point = "delivered" // the provider has answered, the outcome is not committed
	AtSettled   Point = "settled"   // the outcome is committed, Temporal has not heard of it
)

// passed tells the observer of points, if there is one.
func (o *Options) passed() func(Point, string) {
	if o.Passed != nil {
		return o.Passed
	}
	return func(Point, string) {}
}
