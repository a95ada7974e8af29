package template

// node is one piece of a template's tree.
type node interface{ node() }

// textNode is text written as it stands.
type textNode struct{ text string }

// outputNode is {{ e }}.
type outputNode struct {
	at // of the braces
	e  expr
}

// branch is a condition and what it guards.
type branch struct {
	cond expr // nil for else
	body []node
}

// ifNode is if or, with the first condition turned round, unless.
type ifNode struct {
	unless   bool
	branches []branch
}

// caseNode is case; a branch's values are those of its when.
type caseNode struct {
	subject expr
	whens   []when
}

type when struct {
	values []expr // nil for else
	body   []node
}

// forNode is for. limit and offset may be nil.
type forNode struct {
	at            // of the opening tag
	name          string
	list          expr
	limit, offset expr
	reversed      bool
	body, orElse  []node
	hasElse       bool
}

// assignNode is {% assign name = e %}.
type assignNode struct {
	name string
	e    expr
}

// captureNode is {% capture name %}…{% endcapture %}.
type captureNode struct {
	name string
	body []node
}

// cycleNode is {% cycle group: values %}.
type cycleNode struct {
	at
	group  string
	values []expr
}

// countNode is {% increment name %} or, with a step of -1, decrement.
type countNode struct {
	at
	name string
	step int
}

// jumpNode is {% break %} or {% continue %}.
type jumpNode struct{ stop bool }

func (textNode) node()     {}
func (*outputNode) node()  {}
func (*ifNode) node()      {}
func (*caseNode) node()    {}
func (*forNode) node()     {}
func (*assignNode) node()  {}
func (*captureNode) node() {}
func (*cycleNode) node()   {}
func (*countNode) node()   {}
func (jumpNode) node()     {}
