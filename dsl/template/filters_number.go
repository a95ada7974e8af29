package template

import "math"

var numberFilters = map[string]filterDef{
	"abs":        {run: numeric(math.Abs)},
	"ceil":       {run: numeric(math.Ceil)},
	"floor":      {run: numeric(math.Floor)},
	"round":      {max: 1, run: roundFilter},
	"plus":       {min: 1, max: 1, run: arithmetic(func(a, b float64) float64 { return a + b })},
	"minus":      {min: 1, max: 1, run: arithmetic(func(a, b float64) float64 { return a - b })},
	"times":      {min: 1, max: 1, run: arithmetic(func(a, b float64) float64 { return a * b })},
	"divided_by": {min: 1, max: 1, run: arithmetic(func(a, b float64) float64 { return a / b })},
	"modulo":     {min: 1, max: 1, run: arithmetic(modulo)},
	"at_least":   {min: 1, max: 1, run: arithmetic(math.Max)},
	"at_most":    {min: 1, max: 1, run: arithmetic(math.Min)},
}

// modulo has the sign of the divisor, as in Liquid.
func modulo(a, b float64) float64 {
	m := math.Mod(a, b)
	if m != 0 && (m < 0) != (b < 0) {
		m += b
	}
	return m
}

func numeric(f func(float64) float64) func(*filterCall) (any, error) {
	return func(c *filterCall) (any, error) {
		a, err := c.number()
		if err != nil {
			return nil, err
		}
		return finite(f(a)), nil
	}
}

func arithmetic(f func(a, b float64) float64) func(*filterCall) (any, error) {
	return func(c *filterCall) (any, error) {
		a, err := c.number()
		if err != nil {
			return nil, err
		}
		b, err := c.argNumber(0, 0)
		if err != nil {
			return nil, err
		}
		return finite(f(a, b)), nil // a division by zero is missing
	}
}

// roundFilter rounds halves away from zero.
func roundFilter(c *filterCall) (any, error) {
	a, err := c.number()
	if err != nil {
		return nil, err
	}
	places, err := c.argCount(0, 0)
	if err != nil {
		return nil, err
	}
	scale := math.Pow10(min(max(places, -15), 15))
	if math.Abs(a*scale) >= 1<<53 {
		return a, nil // it has no digits there
	}
	return finite(math.Round(a*scale) / scale), nil
}
