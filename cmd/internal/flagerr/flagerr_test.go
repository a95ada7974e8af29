package flagerr_test

import (
	"io"
	"testing"

	"github.com/spf13/pflag"

	"journey/cmd/internal/flagerr"
)

func TestPlain(t *testing.T) {
	for _, c := range []struct{ arg, want string }{
		{"--speed=abc", `--speed: "abc" is no number`},
		{"--speed=1e999", `--speed: "1e999" is too large a number`},
		{"--n=1.5", `--n: "1.5" is no whole number`},
		{"--n=99999999999999999999", `--n: "99999999999999999999" is too large a number`},
		{"--b=maybe", `--b: "maybe" is neither true nor false`},
		{"--d=soon", `--d: "soon" is no duration: write it like 30s or 5m`},
		{"--none=1", "unknown flag: --none"},
	} {
		fl := pflag.NewFlagSet("", pflag.ContinueOnError)
		fl.SetOutput(io.Discard)
		fl.Float64("speed", 1, "")
		fl.Int("n", 1, "")
		fl.Bool("b", false, "")
		fl.Duration("d", 0, "")
		if err := flagerr.Plain(fl.Parse([]string{c.arg})); err == nil || err.Error() != c.want {
			t.Errorf("%s: %v", c.arg, err)
		}
	}
}
