package engine

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"journey/profiles"
	"journey/profiles/store"
)

const (
	// maxChains bounds how many people of one batch are worked on side by
	// side.
	maxChains = 128
	// forEachMore is how much more patience a batch gets for each call. A
	// store that is away is found out much earlier.
	forEachMore = 2 * time.Millisecond
)

// item is a call on its way to a person.
type item struct {
	call *Call
	out  *CallResult
	prep *prepared
	// settle says that the identifiers must be settled with the people they
	// lead to before the call can be applied.
	settle  bool
	refused error // by a release that went live meanwhile
	// result is what the lane answered; it is copied out only when the lane
	// is known to be done with it.
	result CallResult
}

// Submit takes calls: each is addressed to a person, applied and committed
// before Submit returns. Several calls mean the same as one after the other.
// The error says that at least one of them is not known to be stored
// (ErrUnavailable, ErrNoRelease); the whole may be repeated: message ids make
// that harmless. A call that is wrong has its Err, and keeps no other from
// being stored.
func (e *Engine) Submit(ctx context.Context, calls []Call) ([]CallResult, error) {
	ctx = Until(ctx, time.Now().Add(patience+time.Duration(len(calls))*forEachMore))
	leave, err := e.seats.enter(ctx, len(calls))
	if err != nil {
		return nil, err
	}
	defer leave()
	live := e.living.Load()
	if live == nil {
		if err := e.refresh(ctx); err != nil {
			return nil, err
		}
		live = e.living.Load()
	}
	results := make([]CallResult, len(calls))
	items := make([]*item, 0, len(calls))
	for i := range calls {
		it := &item{call: &calls[i], out: &results[i]}
		if it.prep, err = e.prepare(live, it.call); err != nil {
			results[i].Err = err
			continue
		}
		items = append(items, it)
	}
	if len(items) == 0 {
		return results, nil
	}
	if err := e.submit(ctx, items); err != nil {
		return nil, err
	}
	return results, nil
}

// submit brings items to their people: those that may concern one person in
// their order, the others side by side.
func (e *Engine) submit(ctx context.Context, items []*item) error {
	if len(items) == 1 {
		if done, err := e.straight(ctx, items[0]); done {
			return err
		}
	}
	known, err := e.lookUp(ctx, items)
	if err != nil {
		return err
	}
	parts := chainsOf(items, known)
	if len(parts) == 1 {
		return e.bring(ctx, &chain{items: parts[0], known: known})
	}
	chains := make([]*chain, len(parts))
	var plain, other []*chain
	for i, part := range parts {
		c := &chain{items: part, known: known, shared: true}
		chains[i] = c
		if _, n := c.front(); n > 0 {
			plain = append(plain, c)
		} else {
			other = append(other, c)
		}
	}
	// What needs no thought goes together; what does, and what is left over,
	// each by itself.
	var all sync.WaitGroup
	places := make(chan struct{}, maxChains)
	alone := func(list []*chain) {
		for _, c := range list {
			if len(c.items) == 0 || c.err != nil {
				continue
			}
			c.own()
			places <- struct{}{}
			all.Go(func() {
				defer func() { <-places }()
				c.err = e.bring(ctx, c)
			})
		}
	}
	alone(other)
	e.convoy(ctx, plain)
	alone(plain)
	all.Wait()
	for _, c := range chains {
		if c.err != nil {
			return c.err
		}
	}
	return nil
}

// straight brings an item to its person if all that identifies him is
// remembered and leads to one: then there is nothing to look up and nobody to
// choose. Most calls that come alone go this way.
func (e *Engine) straight(ctx context.Context, it *item) (done bool, err error) {
	owner := ""
	for _, id := range it.prep.idents {
		to, ok := e.pointers.get(keyOf(id))
		if !ok || to == "" || owner != "" && to != owner {
			return false, nil
		}
		owner = to
	}
	t := it.newTask(false)
	t.do = func(v *visit) error { return it.applyTo(v, t) }
	if err := e.on(ctx, owner, t); err != nil {
		return true, err
	}
	if t.err == nil {
		e.harvested(it, owner)
		return true, nil
	}
	c := &chain{items: []*item{it}}
	if c.known, err = e.lookUp(ctx, c.items); err == nil {
		err = e.harvest(ctx, c, owner, []*task{t})
	}
	if err != nil {
		return true, err
	}
	return true, e.bring(ctx, c)
}

// chainsOf puts items together that share an identifier or a profile, and so
// may concern one person, or people who are merged on the way; and an alias
// with the items of the user whom it must not name.
func chainsOf(items []*item, known pointers) [][]*item {
	if len(items) == 1 {
		return [][]*item{items}
	}
	parent := make([]int, len(items))
	for i := range parent {
		parent[i] = i
	}
	root := func(i int) int {
		for parent[i] != i {
			parent[i] = parent[parent[i]]
			i = parent[i]
		}
		return i
	}
	first := make(map[pointerKey]int, 2*len(items))
	join := func(key pointerKey, i int) {
		if j, met := first[key]; met {
			parent[root(i)] = root(j)
		} else {
			first[key] = i
		}
	}
	for i, it := range items {
		for _, id := range it.prep.idents {
			key := keyOf(id)
			join(key, i)
			if p := known[key]; p != "" && !store.Nowhere(p) {
				join(pointerKey{value: p}, i) // no trait: a profile
			}
		}
		if prev := it.call.PreviousID; prev != "" {
			join(pointerKey{"user_id", prev}, i) // an alias is refused if somebody is a user by that
		}
	}
	index := make(map[int]int, len(items))
	chains := make([][]*item, 0, len(items))
	for i, it := range items {
		r := root(i)
		n, met := index[r]
		if !met {
			n = len(chains)
			index[r] = n
			chains = append(chains, nil)
		}
		chains[n] = append(chains[n], it)
	}
	return chains
}

// chain is a number of items that may concern one person, in their order. It
// belongs to one goroutine at a time.
type chain struct {
	items  []*item // that are left
	known  pointers
	shared bool // known belongs to the whole batch, and is only read
	tries  int  // since the last one was done
	err    error
}

// own makes what is known the chain's own, to be changed.
func (c *chain) own() {
	if !c.shared {
		return
	}
	own := make(pointers, len(c.items))
	for _, it := range c.items {
		for _, id := range it.prep.idents {
			own[keyOf(id)] = c.known[keyOf(id)]
		}
	}
	c.known, c.shared = own, false
}

// bring brings a chain's items to their people one after the other, those in a
// row for one person together.
func (e *Engine) bring(ctx context.Context, c *chain) error {
	for len(c.items) > 0 {
		first := c.items[0]
		if first.refused != nil {
			e.refused(first)
			c.items = c.items[1:]
			continue
		}
		owner, n := c.front()
		newborn := false
		if n == 0 {
			var err error
			if owner, newborn, err = e.settle(ctx, first, c.known); err != nil {
				var wrong *CallError
				if !errors.As(err, &wrong) && !errors.Is(err, errClosed) {
					return err
				}
				first.refused = err
				continue
			}
			n = 1
		}
		tasks := tasksFor(c.items[:n], newborn)
		err := e.on(ctx, owner, tasks...)
		if err == nil {
			err = e.harvest(ctx, c, owner, tasks)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// front is the profile of the chain's first items that are known to go to
// one, and how many there are: 0 when the first must be settled.
func (c *chain) front() (owner string, n int) {
	for _, it := range c.items {
		if it.settle || it.refused != nil {
			return owner, n
		}
		to := owner
		for _, id := range it.prep.idents {
			p := c.known[keyOf(id)]
			if p == "" || store.Nowhere(p) || to != "" && p != to {
				return owner, n
			}
			to = p
		}
		owner = to
		n++
	}
	return owner, n
}

// tasksFor are the tasks that apply items to one person. Once one has failed
// those after it do too: they must not overtake it.
func tasksFor(items []*item, newborn bool) []*task {
	tasks := make([]*task, len(items))
	behind := false
	for i, it := range items {
		t := it.newTask(newborn)
		t.do = func(v *visit) error {
			if i == 0 {
				behind = false
			}
			if behind {
				return errBehind
			}
			err := it.applyTo(v, t)
			behind = err != nil
			return err
		}
		tasks[i] = t
	}
	return tasks
}

func (it *item) newTask(newborn bool) *task {
	return &task{release: it.prep.release, mark: it.prep.mark, newborn: newborn, input: true}
}

// harvest takes the results of the chain's first items, as far as they are
// done. The others are to be looked at again.
func (e *Engine) harvest(ctx context.Context, c *chain, owner string, tasks []*task) error {
	for i, t := range tasks {
		it := c.items[0]
		if t.err != nil {
			c.own()
			if c.tries++; c.tries >= maxTries {
				return fmt.Errorf("%w (the person kept changing)", ErrUnavailable)
			}
			return e.again(ctx, owner, c.items[:len(tasks)-i], t.err, c.known)
		}
		e.harvested(it, owner)
		c.items, c.tries = c.items[1:], 0
	}
	return nil
}

// harvested takes the result of an item that is done.
func (e *Engine) harvested(it *item, owner string) {
	it.result.Profile = owner
	it.result.Warnings = append(it.result.Warnings, it.prep.read.Faults...)
	*it.out = it.result
	if it.result.Duplicate {
		e.stats.duplicates.Add(1)
	}
}

// refused answers an item that is not stored: it is wrong, or about somebody
// whose data are not to be.
func (e *Engine) refused(it *item) {
	if errors.Is(it.refused, errClosed) {
		e.stats.suppressed.Add(1)
		it.out.Suppressed = true
		return
	}
	it.out.Err = it.refused
}

var (
	errBehind = errors.New("an earlier call must come first")
	// errDisclaimed: an identifier leads to a person who cannot have it.
	errDisclaimed = errors.New("an identifier leads to somebody who cannot have it")
)

// again prepares items for another try after the first of them failed.
func (e *Engine) again(ctx context.Context, owner string, items []*item, err error, known pointers) error {
	var moved *movedError
	switch {
	case errors.As(err, &moved):
		to := moved.to
		if err = moved.nowhere(); err == nil && !moved.finished {
			to, err = e.finishMerge(ctx, owner)
		}
		switch {
		case errors.Is(err, errClosed):
			items[0].refused = err
			return nil
		case errors.Is(err, errErased):
			return e.unpoint(ctx, owner, items[0].prep.idents, known)
		case err != nil:
			return err
		}
		e.repointed(owner, to, known)
		return nil
	case errors.Is(err, errRelease):
		return e.prepareAgain(items)
	case errors.Is(err, errDisclaimed):
		items[0].settle = true
		return e.lookUpInto(ctx, items[0].prep.idents, known)
	case errors.Is(err, errBehind):
		return nil
	case errors.Is(err, errBroken):
		items[0].refused = &CallError{Code: "cannot-be-processed", Message: errBroken.Error()}
		return nil
	}
	return err
}

// prepareAgain reads items by the release that is live now.
func (e *Engine) prepareAgain(items []*item) error {
	live := e.living.Load()
	if live == nil {
		return ErrNoRelease
	}
	for _, it := range items {
		p, err := e.prepare(live, it.call)
		if err != nil {
			// What it lacks for the new release it cannot get any more: it is
			// refused when its turn comes.
			it.refused = err
			continue
		}
		it.prep, it.refused = p, nil
	}
	return nil
}

// applyTo applies the call to the person.
func (it *item) applyTo(v *visit, t *task) error {
	p := it.prep
	it.result = CallResult{}
	if v.base == nil && !t.newborn || !v.live.shape.rules.CanHave(v.p, p.idents) {
		// He cannot have them, or he is gone with what Redis lost in a crash,
		// and perhaps the way to him is too.
		v.doubtful = true
		return errDisclaimed
	}
	first := markOf(v.p.Marks, p.mark)
	if first == nil {
		first = t.seen
	}
	if first != nil {
		v.doubtful = true // Redis may have lost what this process remembers
		it.duplicate(first)
		return nil
	}
	in := p.input
	now := v.instant()
	if in.At == 0 || in.At > now {
		in.At = now
	}
	if in.Event != nil {
		ev := *in.Event
		ev.At = in.At
		in.Event = &ev
	}
	if in.Mark != nil {
		mark := *in.Mark
		in.Mark = &mark
	}
	in.Identifiers = p.idents
	a := v.apply(in, now)
	it.result.Duplicate, it.result.Run, it.result.Refused = a.Duplicate, a.Run, a.Refused
	return nil
}

// duplicate answers a call whose message id has been seen.
func (it *item) duplicate(seen *profiles.Mark) {
	it.result.Duplicate = true
	if seen.Payload != it.prep.mark.Payload {
		it.result.Warnings = append(it.result.Warnings, profiles.Fault{
			Field: "messageId", Reason: "was used before for another content: this one is not stored",
		})
	}
}
