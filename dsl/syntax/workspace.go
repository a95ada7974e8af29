package syntax

// Workspace holds the settings of a program.
//
//	Workspace = "workspace" "{" Setting* "}" .
type Workspace struct {
	decl
	Settings Settings `parser:"'workspace' @@"`
}

// Settings are the clauses of a workspace.
type Settings struct {
	node
	Items []Setting

	problems []problem
}

// Timezone is the fallback zone: `timezone "Asia/Taipei"`.
//
//	Timezone = "timezone" String .
type Timezone struct {
	setting
	Zone *String `parser:"'timezone' @@"`
}

// Country is the default region of phone numbers: `country TW`.
//
//	Country = "country" Name .
type Country struct {
	setting
	Code Name `parser:"'country' @@"`
}

// Currency is the workspace's currency: `currency TWD`.
//
//	Currency = "currency" Name .
type Currency struct {
	setting
	Code Name `parser:"'currency' @@"`
}

// Consent says what a missing consent means: `consent required`.
//
//	Consent = "consent" ( "required" | "assumed" ) .
type Consent struct {
	setting
	Mode Name `parser:"'consent' @@"`
}

// Identify is the order of the identifiers, strongest first.
//
//	Identify = "identify" Name ( "," Name )* .
type Identify struct {
	setting
	Traits []Name `parser:"'identify' @@ ( ',' @@ )*"`
}

// LateAfter says from what age an arriving event is history.
//
//	LateAfter = "late" "after" Duration .
type LateAfter struct {
	setting
	Age *Duration `parser:"'late' 'after' @@"`
}
