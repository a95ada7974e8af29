// Command journey is the command line of Journey: it checks a workspace and
// publishes it.
//
//	journey check DIR                          what is wrong with a workspace
//	journey fmt                                write files in the one style
//	journey deploy DIR --server URL            publish it
//	journey releases --server URL              what has been published
//	journey rollback N --server URL            make an earlier release live again
//	journey version
//
// It exits with 0 when all is well, with 3 when the workspace is wrong, with
// 2 when the command was typed wrong, and with 1 when something else failed.
//
// It is small and quick to start: it talks to a server over HTTP and links
// none. What a command prints, and the code it exits with, are tested as a
// user types them, in testdata/script.
package main
