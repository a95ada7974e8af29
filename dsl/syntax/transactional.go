package syntax

// Transactional exempts all sends of a journey.
//
//	Transactional = "transactional" .
type Transactional struct {
	clause
	Transactional bool `parser:"@'transactional'"`
}
