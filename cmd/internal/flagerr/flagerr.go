// Package flagerr says in plain words what is wrong with the value of a flag.
// Both commands use it.
package flagerr

import (
	"errors"
	"fmt"
	"strconv"

	"github.com/spf13/pflag"
)

// Plain is an error of reading flags in plain words, where it is one of Go's
// own about a number, a duration or a truth value; any other is answered as it
// is.
func Plain(err error) error {
	var wrong *pflag.InvalidValueError
	if !errors.As(err, &wrong) {
		return err
	}
	kind := wrong.GetFlag().Value.Type()
	var number *strconv.NumError
	what := ""
	switch {
	case kind == "duration":
		what = "is no duration: write it like 30s or 5m"
	case !errors.As(err, &number):
		return err
	case kind == "bool":
		what = "is neither true nor false"
	case errors.Is(err, strconv.ErrRange):
		what = "is too large a number"
	case kind == "float64":
		what = "is no number"
	default:
		what = "is no whole number"
	}
	return fmt.Errorf("--%s: %q %s", wrong.GetFlag().Name, wrong.GetValue(), what)
}
