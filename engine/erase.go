package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"journey/orchestrator"
	"journey/profiles"
	"journey/profiles/store"
)

// Somebody wants his data to go, or none to be stored any more. He is closed
// first: his runs end, and from then on every commit on him is refused, so
// that no send of his is claimed and what arrives is dropped. Then one store
// after the other forgets him, at last the store of people. Who dies on the
// way is followed by the owner of partition 0; every step may happen twice.

// Erasure is the record of such a wish: which it is, and how far it is.
type Erasure = store.Erasure

// What somebody may want. The names are those of Segment's regulations.
const (
	// SuppressOnly keeps what is known, and stores nothing more.
	SuppressOnly = "suppress_only"
	// Unsuppress undoes it; and lets data be stored again of somebody whose
	// data were erased.
	Unsuppress = "unsuppress"
	// SuppressWithDelete erases, and stores nothing ever after.
	SuppressWithDelete = "suppress_with_delete"
	// DeleteOnly erases. If he comes again, he is somebody new.
	DeleteOnly = "delete_only"
)

// The states of an erasure, and of a store in it.
const (
	ErasureInitialized = "INITIALIZED"
	ErasureRunning     = "RUNNING"
	ErasurePartial     = "PARTIAL_SUCCESS" // some stores have finished, with others it will be tried again
	ErasureFinished    = "FINISHED"
)

// The store of people among those of an erasure, and its files: in them it
// stays what was deleted, until they are written anew.
const (
	peopleStore = "people"
	filesStore  = "people's files"
)

// Redis's file of writes is written anew for erasures at most every half a
// minute, and if it is large so seldom that Redis is not busy with little else.
const (
	rewriteEvery = 30 * time.Second
	rewriteShare = 20
)

// Forgetter is another store of data about people.
type Forgetter interface {
	// Forgets names the store.
	Forgets() string
	// Forget removes whatever it has of somebody: by the ids that his profile
	// had, those of profiles merged into it included, and by the addresses he
	// was written to. It may be repeated.
	Forget(ctx context.Context, ids, addresses []string) error
}

var (
	// ErrMode: there is no such wish.
	ErrMode = errors.New("the mode is none of suppress_only, unsuppress, suppress_with_delete and delete_only")
	// ErrNoErasure: no erasure has that id.
	ErrNoErasure = errors.New("no erasure has this id")
	// ErrNotSuppressed: there is nothing to be undone.
	ErrNotSuppressed = errors.New("nobody is suppressed by that identifier")

	// errClosed: data about him are dropped.
	errClosed = errors.New("the person is closed: nothing about him is stored")
	// errErased: the way to him leads nowhere any more.
	errErased = errors.New("the person was erased")
)

// EndedErased is the reason of the runs that end since the person is erased.
const EndedErased = "erased"

// Erase records a wish about somebody, by an identifier or his profile's id,
// and does all that must be done before it is answered: when it returns,
// nothing of his is sent or stored any more. What is left is done in the
// background, and soon. by says who asks for it. ErrMode, ErrNoProfile,
// ErrNotSuppressed.
func (e *Engine) Erase(ctx context.Context, ref, mode, by string) (Erasure, error) {
	if !slices.Contains([]string{SuppressOnly, Unsuppress, SuppressWithDelete, DeleteOnly}, mode) {
		return Erasure{}, ErrMode
	}
	real, err := e.realNow(ctx)
	if err != nil {
		return Erasure{}, err
	}
	r := Erasure{ID: e.randomID(), Mode: mode, By: by, Asked: real.UTC(), State: ErasureInitialized}
	id, ident, err := e.meant(ctx, ref)
	if err == nil {
		err = e.audit(ctx, by, "erase", id, mode+" "+r.ID)
	}
	switch {
	case err != nil:
		return Erasure{}, err
	case mode == Unsuppress:
		err = e.unsuppress(ctx, &r, id, ident)
	case id == "" || store.Nowhere(id):
		err = e.suppressUnknown(ctx, &r, ident)
	default:
		r.Profile = id
		err = e.begin(ctx, &r)
	}
	if err != nil {
		return Erasure{}, err
	}
	return r, nil
}

// meant is whom a reference means: the profile's id ("" for nobody, or one of
// those that mean nowhere), and the identifier, if it is one.
func (e *Engine) meant(ctx context.Context, ref string) (string, *profiles.Identifier, error) {
	ident, err := e.identifierOf(ref)
	if err != nil {
		return "", nil, err
	}
	id := ref
	if ident != nil {
		owners, err := e.store.Lookup(ctx, []profiles.Identifier{*ident})
		if err != nil {
			return "", nil, e.away(err)
		}
		if id = owners[0]; id == "" || store.Nowhere(id) {
			return id, ident, nil
		}
	}
	for range maxTries {
		l, err := e.load(ctx, id)
		if err != nil {
			return "", nil, err
		}
		switch {
		case store.Nowhere(l.ID):
			return "", ident, nil
		case l.Moving != "" && !store.Nowhere(l.Moving):
			if id, err = e.finishMerge(ctx, l.ID); err != nil && !errors.Is(err, errClosed) && !errors.Is(err, errErased) {
				return "", nil, err
			} else if err != nil {
				return "", ident, nil
			}
		case l.Person == nil:
			return "", ident, nil
		default:
			return l.ID, ident, nil
		}
	}
	return "", nil, fmt.Errorf("%w (the person kept moving)", ErrUnavailable)
}

// suppressUnknown keeps data of somebody from being stored of whom nothing is.
func (e *Engine) suppressUnknown(ctx context.Context, r *Erasure, ident *profiles.Identifier) error {
	if ident == nil || r.Mode == DeleteOnly { // there is nothing to delete, or not any more
		return ErrNoProfile
	}
	if err := e.store.Shut(ctx, []profiles.Identifier{*ident}); err != nil {
		return e.away(err)
	}
	e.pointers.drop(keyOf(*ident))
	return e.over(ctx, r)
}

// unsuppress lets data of somebody be stored again.
func (e *Engine) unsuppress(ctx context.Context, r *Erasure, id string, ident *profiles.Identifier) error {
	switch {
	case id == store.DoNotStore:
		if err := e.store.Unpoint(ctx, store.DoNotStore, []profiles.Identifier{*ident}); err != nil {
			return e.away(err)
		}
	case id == "" || store.Nowhere(id):
		return ErrNotSuppressed
	default:
		r.Profile = id
		was, err := e.store.Reopen(ctx, id)
		if err != nil {
			return e.away(err)
		}
		if !was {
			return ErrNotSuppressed
		}
		e.people.drop(id)
	}
	return e.over(ctx, r)
}

// begin closes somebody, and goes on as far as it gets.
func (e *Engine) begin(ctx context.Context, r *Erasure) error {
	r.State = ErasureRunning
	if r.Mode != SuppressOnly {
		r.Stores = []store.StoreErasure{{Store: peopleStore, State: ErasureInitialized}, {Store: filesStore, State: ErasureInitialized}}
		for _, f := range e.forgetters {
			r.Stores = append(r.Stores, store.StoreErasure{Store: f.Forgets(), State: ErasureInitialized})
		}
	}
	if err := e.store.SaveErasure(ctx, *r, false); err != nil {
		return e.away(err)
	}
	if err := e.at("erase: recorded"); err != nil {
		return err
	}
	if err := e.close(ctx, r); err != nil {
		return err
	}
	err := e.carryOut(ctx, r)
	if errors.Is(err, ErrUnavailable) {
		return nil // it is in the record what is left
	}
	return err
}

// nobody is where somebody goes by an erasure.
func nobody(mode string) string {
	if mode == DeleteOnly {
		return store.Erased
	}
	return store.DoNotStore
}

// close ends somebody's runs and has every further commit on him refused.
func (e *Engine) close(ctx context.Context, r *Erasure) error {
	for range maxTries {
		t := &task{cold: true, do: func(v *visit) error {
			v.doubtful = true // another process may have begun runs
			if len(v.p.Runs) > 0 {
				v.end(EndedErased)
			}
			return nil
		}}
		err := e.onPerson(ctx, r.Profile, t)
		if errors.Is(err, errClosed) || errors.Is(err, errErased) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := e.at("erase: runs ended"); err != nil {
			return err
		}
		l, err := e.load(ctx, r.Profile)
		if err != nil {
			return err
		}
		if l.ID != r.Profile && !store.Nowhere(l.ID) { // merged meanwhile: his data are the winner's now
			r.Profile = l.ID
			continue
		}
		if l.Person == nil || l.Moving != "" || len(l.Person.Runs) > 0 {
			continue
		}
		_, err = e.store.StartMove(ctx, l.ID, l.Base, nobody(r.Mode), profiles.Cause{})
		var moved *store.MovedError
		if errors.Is(err, store.ErrConflict) || errors.As(err, &moved) {
			continue
		}
		if err != nil {
			return e.away(err)
		}
		e.people.drop(l.ID)
		return e.at("erase: closed")
	}
	return fmt.Errorf("%w (the person kept changing)", ErrUnavailable)
}

// carryOut goes on with an erasure of somebody who is closed, to its end if
// nothing stands in the way.
func (e *Engine) carryOut(ctx context.Context, r *Erasure) error {
	if r.Mode == SuppressOnly {
		return e.over(ctx, r)
	}
	l, err := e.load(ctx, r.Profile)
	if err != nil {
		return err
	}
	if !store.Nowhere(l.ID) { // else nothing is left of him but what the others have
		if !store.Nowhere(l.Moving) || l.Person == nil {
			return fmt.Errorf("erasure %s: the person is not closed", r.ID)
		}
		if done, err := e.forgetElsewhere(ctx, r, l.Person); err != nil || !done {
			return errors.Join(err, e.away(e.store.SaveErasure(ctx, *r, false)))
		}
		if err := e.at("erase: forgotten elsewhere"); err != nil {
			return err
		}
		if err := e.forgetHere(ctx, r, l); err != nil {
			return err
		}
	}
	for i := range r.Stores {
		if r.Stores[i].Store != filesStore {
			r.Stores[i] = store.StoreErasure{Store: r.Stores[i].Store, State: ErasureFinished}
		}
	}
	return e.cleanFiles(ctx, r)
}

// cleanFiles has the file of writes written anew, and ends the erasure when
// that has been done since the person is gone.
func (e *Engine) cleanFiles(ctx context.Context, r *Erasure) error {
	real, err := e.realNow(ctx)
	if err != nil {
		return err
	}
	if r.Gone.IsZero() {
		r.Gone = real.UTC()
	}
	f, err := e.store.Files(ctx)
	if err != nil {
		return e.away(err)
	}
	clean := !f.Kept
	if f.Kept && !f.Rewriting {
		e.rewriting.Lock()
		defer e.rewriting.Unlock()
		begun := e.rewrote
		switch {
		case !begun.Before(r.Gone) && !f.Failed:
			clean = true
		case real.Sub(begun) > max(rewriteEvery, rewriteShare*f.Took):
			if err := e.store.RewriteFiles(ctx); err != nil {
				return e.away(err)
			}
			e.rewrote = real
		}
	}
	r.State = ErasureRunning
	for i := range r.Stores {
		if r.Stores[i].Store == filesStore {
			if r.Stores[i].State = ErasureRunning; clean {
				r.Stores[i].State = ErasureFinished
			}
		}
	}
	if !clean {
		return e.away(e.store.SaveErasure(ctx, *r, false))
	}
	return e.over(ctx, r)
}

// forgetElsewhere has the other stores forget somebody. It comes first: what
// they know him by is kept here alone. done says that they all have.
func (e *Engine) forgetElsewhere(ctx context.Context, r *Erasure, p *profiles.Person) (done bool, err error) {
	ids := []string{p.ID}
	for _, a := range p.Absorbed {
		ids = append(ids, a.ID)
	}
	addresses := addressesOf(p)
	done = true
	for _, f := range e.forgetters {
		i := slices.IndexFunc(r.Stores, func(s store.StoreErasure) bool { return s.Store == f.Forgets() })
		if i < 0 {
			r.Stores = append(r.Stores, store.StoreErasure{Store: f.Forgets()})
			i = len(r.Stores) - 1
		}
		s := &r.Stores[i]
		s.State, s.Error = ErasureFinished, ""
		if err := f.Forget(ctx, ids, addresses); err != nil {
			e.log.Warn("a store cannot forget somebody at the moment", "store", f.Forgets(), "erasure", r.ID, "error", err.Error())
			s.State, s.Error = ErasureRunning, "it cannot at the moment: it will be tried again"
			done = false
		}
	}
	r.State = ErasureRunning
	if !done {
		r.State = ErasurePartial
	}
	return done, nil
}

// addressesOf are the texts that somebody may have been written to: his
// identifiers and those traits that are addresses.
func addressesOf(p *profiles.Person) []string {
	var list []string
	for _, id := range p.Identifiers {
		list = append(list, id.Value)
	}
	for _, channel := range []string{"email", "sms", "push", "line"} {
		if s, ok := p.Traits[orchestrator.AddressTrait(channel)].Value.(string); ok {
			list = append(list, s)
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// forgetHere takes somebody out of the store of people, and his identifiers
// out of the index, or has them lead to nobody.
func (e *Engine) forgetHere(ctx context.Context, r *Erasure, l store.Loaded) error {
	if err := e.shut(ctx, l.Person, l.Moving); err != nil {
		return err
	}
	if err := e.at("erase: identifiers"); err != nil {
		return err
	}
	if err := e.store.FinishMove(ctx, l.ID, l.Moving); err != nil {
		return e.away(err)
	}
	e.people.drop(l.ID)
	return e.at("erase: gone")
}

// shut makes the identifiers of somebody who goes nowhere lead there, too.
func (e *Engine) shut(ctx context.Context, p *profiles.Person, to string) error {
	var err error
	if to == store.DoNotStore {
		err = e.store.Shut(ctx, p.Identifiers)
	} else {
		err = e.store.Unpoint(ctx, p.ID, p.Identifiers)
		for _, a := range p.Absorbed { // the index may not know yet that they are he
			err = errors.Join(err, e.store.Unpoint(ctx, a.ID, p.Identifiers))
		}
	}
	for _, id := range p.Identifiers {
		e.pointers.drop(keyOf(id))
	}
	return e.away(err)
}

// over ends an erasure.
func (e *Engine) over(ctx context.Context, r *Erasure) error {
	real, err := e.realNow(ctx)
	if err != nil {
		return err
	}
	r.State, r.Finished = ErasureFinished, real.UTC()
	if r.Stores == nil {
		r.Stores = []store.StoreErasure{{Store: peopleStore, State: ErasureFinished}}
	}
	return e.away(e.store.SaveErasure(ctx, *r, true))
}

// Erasure is the record with an id; ErrNoErasure.
func (e *Engine) Erasure(ctx context.Context, id string) (Erasure, error) {
	r, err := e.store.Erasure(ctx, id)
	if errors.Is(err, store.ErrUnknown) {
		return r, ErrNoErasure
	}
	return r, e.away(err)
}

// Erasures are the records of all that were ever asked for, the newest first.
func (e *Engine) Erasures(ctx context.Context) ([]Erasure, error) {
	all, err := e.store.Erasures(ctx)
	slices.SortFunc(all, func(a, b Erasure) int { return b.Asked.Compare(a.Asked) })
	return all, e.away(err)
}

// startErasures goes on with erasures that were interrupted, unless somebody
// here is at it.
func (e *Engine) startErasures() {
	if e.ctx.Err() != nil || !e.erasing.CompareAndSwap(false, true) {
		return
	}
	e.work.Go(func() {
		defer e.erasing.Store(false)
		_ = e.eraseAll(e.ctx) // another look begins it again
	})
}

// eraseAll goes on with what others have begun and not ended.
func (e *Engine) eraseAll(ctx context.Context) error {
	ids, err := e.store.Erasing(ctx)
	if err != nil || len(ids) == 0 {
		return e.away(err)
	}
	real, err := e.realNow(ctx)
	if err != nil {
		return err
	}
	for _, id := range ids {
		r, err := e.store.Erasure(ctx, id)
		if errors.Is(err, store.ErrUnknown) {
			continue // Redis has lost it
		}
		if err != nil {
			return e.away(err)
		}
		if real.Sub(r.Asked) < patience { // its own process is at it
			continue
		}
		if err = e.close(ctx, &r); err == nil {
			err = e.carryOut(ctx, &r)
		}
		if err != nil {
			e.log.Warn("an erasure cannot be carried out at the moment", "erasure", r.ID, "error", err.Error())
		}
	}
	return nil
}
