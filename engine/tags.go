package engine

import (
	"context"
	"fmt"
	"slices"
	"unicode/utf8"

	"journey/orchestrator"
	"journey/profiles"
)

const (
	maxTags = 100 // in one call
	maxTag  = 100 // bytes
)

// Tag gives somebody tags and takes others from him, and answers all that he
// has then, as acknowledged; the reference is that of Profile. What he has
// already, or has not, changes nothing, so a repeat is harmless. A tag that
// cannot be one, or that a rule of the live release gives, is a *CallError
// (bad-tag, ruled-tag); ErrNoProfile: nobody is known by that.
func (e *Engine) Tag(ctx context.Context, ref string, add, remove []string) ([]string, error) {
	if err := tagsWrong(add, remove); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	id, err := e.refer(ctx, ref)
	if err != nil {
		return nil, err
	}
	var now []string
	t := &task{do: func(v *visit) error {
		if v.base == nil {
			v.doubtful = true
			return ErrNoProfile
		}
		for _, tag := range slices.Concat(add, remove) {
			if _, ruled := v.live.plan.TagRule(tag); ruled {
				return &CallError{Code: "ruled-tag", Field: "tags", Message: fmt.Sprintf("a rule of the workspace gives and takes the tag %q", tag)}
			}
		}
		at := v.instant()
		v.apply(orchestrator.Input{Kind: orchestrator.TagsInput, Tag: add, Untag: remove, At: at}, at)
		now = profiles.NewView(v.p, profiles.ViewOptions{}).Tags
		return nil
	}}
	if err := e.onPerson(ctx, id, t); err != nil {
		return nil, err
	}
	return now, nil
}

func tagsWrong(add, remove []string) error {
	wrong := func(field, message string) error { return &CallError{Code: "bad-tag", Field: field, Message: message} }
	switch {
	case len(add)+len(remove) == 0:
		return wrong("add", `say which tags, as in {"add": ["vip"], "remove": ["trial"]}`)
	case len(add)+len(remove) > maxTags:
		return wrong("add", fmt.Sprintf("there are %d tags in the call; %d at most", len(add)+len(remove), maxTags))
	}
	for i, tag := range slices.Concat(add, remove) {
		field := "add"
		if i >= len(add) {
			field = "remove"
		}
		switch {
		case tag == "" || len(tag) > maxTag || !utf8.ValidString(tag):
			return wrong(field, fmt.Sprintf("a tag is a text of 1 to %d bytes", maxTag))
		case i < len(add) && slices.Contains(remove, tag):
			return wrong(field, fmt.Sprintf("the tag %q is to be given and taken", tag))
		}
	}
	return nil
}
