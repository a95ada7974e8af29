//go:build race

package template

func init() { raceDetector = true }
