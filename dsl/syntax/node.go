package syntax

import "journey/dsl/diag"

// Node is a piece of the tree.
type Node interface {
	// Span is where the node stands, from its first character to its last.
	Span() diag.Span
}

// node is what all nodes are built on. The parser fills in offsets; Parse
// gives them their file in one walk at the end.
type node struct {
	file       *diag.File
	start, end int
}

// Span is where the node stands.
func (n *node) Span() diag.Span { return diag.Span{File: n.file, Start: n.start, End: n.end} }

func (n *node) setSpan(start, end int) { n.start, n.end = start, end }
func (n *node) base() *node            { return n }

// statement is what all declarations, clauses and steps are built on.
type statement struct {
	node
	wordEnd int // end of the keyword
	label   *Name
	first   int // offset of the keyword, after a label
	broken  bool
}

// Word is the place of the keyword that begins the statement: where an error
// about something missing stands.
func (s *statement) Word() diag.Span {
	return diag.Span{File: s.file, Start: s.first, End: s.wordEnd}
}

// Broken says that the statement could not be read to its end, which has been
// reported: parts that it must have may be nil or empty.
func (s *statement) Broken() bool { return s.broken }

func (s *statement) stmt() *statement { return s }

// Statement is a declaration, clause or step: whatever begins with a keyword.
type Statement interface {
	Node
	// Word is the place of the keyword.
	Word() diag.Span
	// Broken says that required parts may be nil or empty; this has been
	// reported.
	Broken() bool
	stmt() *statement
}

// Decl is a declaration at the top of a file.
//
//	Decl = Workspace | Trait | Event | Segment | TagRule | Message | Webhook | Journey | Test | Import .
//
//sumtype:decl
type Decl interface {
	Statement
	decl()
}

// Setting is a clause of a workspace.
//
//	Setting = Timezone | Country | Currency | Consent | Identify | Never | LateAfter | Quiet | Cap | ControlAll | Topics | Suppress .
//
//sumtype:decl
type Setting interface {
	Statement
	setting()
}

// MessageClause is a clause of a message or webhook.
//
//	MessageClause = Content | To | Exempt | TopicOf | ValidFor | Resend | URL | Method | JSON .
//
//sumtype:decl
type MessageClause interface {
	Statement
	messageClause()
}

// Clause is a clause in the head of a journey.
//
//	Clause = EnterEvent | EnterWhen | EnterRequest | EnterYearly | EnterDate | EnterClock | EnterDay | Once | AgainAfterExit | AgainAfter | OnlyWhile | ExitEvent | ExitWhen | ExitGoal | Goal | Control | Transactional | Priority .
//
//sumtype:decl
type Clause interface {
	Statement
	clause()
}

// Step is a step of a journey. Each can have a label before it: "@" Name.
//
//	Step = Wait | WaitClock | WaitHour | WaitWindow | WaitMoment | WaitQuiet | WaitFor | If | Split | Repeat | Set | Clear | Tag | Let | Send | Emit | Ask | Begin | Exit .
//
//sumtype:decl
type Step interface {
	Statement
	// Label is the name that `@label` gives the step, or nil.
	Label() *Name
	step()
}

// TestClause is a line of a test.
//
//	TestClause = Given | TestStart | Happens | AssumeSegment | AssumeSplit | AssumeControl | AssumeCall | AssumeFails | ExpectSend | ExpectNothing | ExpectUnsent | ExpectRun | ExpectGoal | ExpectThat .
//
//sumtype:decl
type TestClause interface {
	Statement
	testClause()
}

// ImportClause is a line of an import.
//
//	ImportClause = ImportIdentify | ImportSet | ImportAt .
//
//sumtype:decl
type ImportClause interface {
	Statement
	importClause()
}

// The building blocks that make a struct one of these.
type (
	asDecl          struct{ statement }
	asSetting       struct{ statement }
	asMessageClause struct{ statement }
	asClause        struct{ statement }
	asStep          struct{ statement }
	asTestClause    struct{ statement }
	asImportClause  struct{ statement }
)

func (*asDecl) decl()                   {}
func (*asSetting) setting()             {}
func (*asMessageClause) messageClause() {}
func (*asClause) clause()               {}
func (*asStep) step()                   {}
func (*asTestClause) testClause()       {}
func (*asImportClause) importClause()   {}

// Label is the name that `@label` gives the step, or nil.
func (s *asStep) Label() *Name { return s.label }
