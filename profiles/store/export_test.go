package store

import "context"

// What tests need to know of the store's inside.
var (
	KeyFields  = keyFields
	KeyPerson  = keyPerson
	KeyOutbox  = keyOutbox
	KeyDue     = keyDue
	KeyControl = keyControl
	KeyMarks   = keyMarks
)

// Today is the day whose marks are spilled now.
func (s *Store) Today() int64 {
	day, _, err := s.today(context.Background())
	if err != nil {
		panic("today: " + err.Error())
	}
	return day
}
