package dsl

import (
	_ "embed"
	"strings"

	"journey/dsl/diag"
)

// zoneNames are the names of the IANA time zones in use, one a line (zone.tab
// of 2025). The zone database that Go embeds cannot be listed; the list is for
// suggestions alone.
//
//go:embed zones.txt
var zoneNames string

// nearestZone is the zone that was probably meant, or "".
func nearestZone(name string) string {
	return diag.Suggest(name, strings.Fields(zoneNames))
}
