package main

import (
	"fmt"
	"maps"
	"slices"

	"journey/ingest/sources"
)

// source is what the configuration says of a source beside its key.
type source struct {
	Kind   string   `koanf:"kind"`
	Rate   float64  `koanf:"rate"`
	Burst  int      `koanf:"burst"`
	Events []string `koanf:"events"`
}

// sources are those of the configuration, by name.
func (c *config) sources() []sources.Source {
	var list []sources.Source
	for _, name := range slices.Sorted(maps.Keys(c.WriteKeys)) {
		o := c.Sources[name]
		s := sources.Source{Name: name, Kind: o.Kind, Rate: o.Rate, Burst: o.Burst, Events: o.Events}
		list = append(list, sources.Configured(s, c.WriteKeys[name]))
	}
	return list
}

// completeSources says what is wrong with them.
func (c *config) completeSources() error {
	for name, key := range c.WriteKeys {
		if len(key) < 16 {
			return fmt.Errorf("write_keys.%s is too short to be a secret: use at least 16 characters", name)
		}
	}
	for name := range c.Sources {
		if c.WriteKeys[name] == "" {
			return fmt.Errorf("sources.%s has no key: set write_keys.%s, or make the source with journey sources add", name, name)
		}
	}
	for _, s := range c.sources() {
		if err := s.Valid(); err != nil {
			return fmt.Errorf("sources.%s: %w", s.Name, err)
		}
	}
	return nil
}
