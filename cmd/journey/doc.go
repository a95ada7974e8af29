// Command journey is the command line of Journey: it writes, tries and
// publishes a workspace.
//
//	journey init DIR                      a new workspace from an example
//	journey check DIR                     what is wrong with it
//	journey explain CODE                  what that means
//	journey fmt                           write files in the one style
//	journey test DIR                      run its tests, in virtual time
//	journey simulate DIR FILE             one person through the journeys
//	journey why PERSON JOURNEY            why somebody real is in a journey, or is not
//	journey forecast DIR LOG              a recorded log through the workspace
//	journey graph DIR                     its journeys as pictures
//	journey env DIR NAME                  what depends on what
//	journey lsp                           answer an editor
//	journey deploy DIR                    publish it; releases, rollback
//	journey pause JOURNEY                 operate; resume, broadcast, broadcasts
//	journey version
//
// docs/commands.md shows each of them. What several need: client.go talks to
// a server, workspace.go reads and tells of a workspace, complete.go
// completes names from one, color.go decides about colours.
//
// It exits with 0 when all is well, with 3 when the workspace is wrong, with
// 2 when the command was typed wrong, and with 1 when something else failed.
//
// It is small and quick to start: it talks to a server over HTTP and links
// none. What a command prints, and the code it exits with, are tested as a
// user types them, in testdata/script.
package main
