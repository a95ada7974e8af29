// Package graph draws journeys: as Mermaid and DOT for documents, as a
// self-contained SVG for people to look at.
//
//	g := graph.Of(journey)
//	err := graph.SVG(w, []*graph.Graph{g}, graph.Counts{})
//
// build.go makes a tree of a journey's flat code: a sequence of nodes, some of
// which hold sequences themselves. Journeys are well structured (every block
// ends where its statement goes on), so the tree is all a layout needs:
// layout.go measures it from the leaves up, svg.go draws it from the top down,
// and no edge ever crosses another. flow.go makes nodes and edges of it, for
// Mermaid and DOT, which lay out by themselves. counts.go reads the numbers of
// a forecast, which all three can show.
package graph
