package store

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"

	"github.com/gomodule/redigo/redis"

	"journey/profiles"
)

// fieldCause is the field beside a moving person that says why he moves. No
// page and no chunk has this name.
const fieldCause = "\x00why"

// A merge of loser L into winner W goes over two slots and takes these steps.
// Each may be repeated, by anybody, and whoever meets a person who is moving
// (Loaded.Moving, *MovedError) takes those that are missing:
//
// If W himself has moved, the one he leads to absorbs L in his stead, and L's
// pointer leads over W.
//
//  1. StartMove(L, W). From here on commits on L are refused. L is due at
//     once, so that his partition's owner meets him if nobody else does.
//  2. CarryMarks(L, W); then load L and W and, unless W.Absorbed has L, merge
//     them and Commit W.
//  3. FinishMove(L, W). Only the forward pointer stays of L. His outbox is
//     relayed as it is.
//  4. Repoint(L, W, identifiers of L).

// StartMove marks a person as moving into another and returns his new
// version. From then on commits on him answer *MovedError. A person who is
// moving or has moved to the same winner already is left as he is; base nil
// marks one who is not stored. ErrConflict: he is no longer as in base;
// *MovedError: he goes to another winner.
//
// The cause is kept with him until the merge is done: whoever ends it finds it
// in Loaded.Cause. Of two who mark him for one winner the first one's stays.
func (s *Store) StartMove(ctx context.Context, loser string, base *Base, winner string, cause profiles.Cause) (uint64, error) {
	if len(winner) > maxID || winner == "" || winner == loser {
		return 0, fmt.Errorf("a person cannot move into a profile with an id of %d bytes, or into himself", len(winner))
	}
	why, err := json.Marshal(cause)
	if err != nil {
		return 0, fmt.Errorf("the cause of a merge: %w", err)
	}
	args := []any{base.expect(), head(stateMoving, base.Version()+1), winner, loser, fieldCause, why}
	if base != nil {
		for _, name := range base.counted {
			args = append(args, name)
		}
	}
	n := Partition(loser)
	reply, err := s.ask(ctx, scriptMove.call([]string{keyPerson(loser), keyDue(n), keyFields(loser), keyCounts(n)}, args...))
	if err != nil {
		return 0, err
	}
	parts, err := redis.ByteSlices(reply, nil)
	if err != nil || len(parts) == 0 {
		return 0, fmt.Errorf("move: redis answered with %T", reply)
	}
	switch word := string(parts[0]); {
	case word == "OK" && len(parts) == 2 && len(parts[1]) == 8:
		return binary.BigEndian.Uint64(parts[1]), nil
	case word == "MOVED" && len(parts) == 3:
		return 0, &MovedError{To: string(parts[2]), Finished: parts[1][0] == stateMoved}
	}
	return 0, ErrConflict
}

// FinishMove leaves of a moving person only where he went. The winner must
// have absorbed him. ErrConflict: he is not moving there.
func (s *Store) FinishMove(ctx context.Context, loser, winner string) error {
	today, _, err := s.today(ctx)
	if err != nil {
		return err
	}
	parts, err := redis.Strings(s.ask(ctx, scriptForward.call([]string{keyPerson(loser), keyFields(loser),
		keyDue(Partition(loser)), keyMarks(loser, today), keyMarks(loser, today-1)}, winner, loser)))
	if err != nil {
		return err
	}
	if len(parts) == 0 || parts[0] != "OK" {
		return ErrConflict
	}
	return nil
}
