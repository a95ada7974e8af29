package audit_test

import (
	"fmt"
	"time"

	"journey/audit"
)

func Example() {
	first := audit.Entry{Number: 1, At: time.Unix(0, 0).UTC(), By: "ann", Action: "pause", Target: "welcome"}
	first.Hash, _ = first.Sum()
	second := audit.Entry{Number: 2, At: time.Unix(60, 0).UTC(), By: "ann", Action: "resume", Target: "welcome", Before: first.Hash}
	second.Hash, _ = second.Sum()

	last, err := audit.Check(nil, []audit.Entry{first, second})
	fmt.Println(last.Number, err)

	first.By = "bob"
	_, err = audit.Check(nil, []audit.Entry{first, second})
	fmt.Println(err)
	// Output:
	// 2 <nil>
	// the audit log is broken at entry 1: it is not as it was written
}
