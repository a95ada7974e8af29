package syntax

// Transactional exempts all sends of a journey.
//
//	Transactional = "transactional" .
type Transactional struct {
	asClause
	Transactional bool `parser:"@'transactional'"`
}
