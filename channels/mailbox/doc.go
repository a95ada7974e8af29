// Package mailbox is a mail server that delivers nowhere: it keeps what it is
// given, shows it on a page, and hands it to tests. On a laptop it stands where
// production has a real mail server, and speaks the same protocol.
//
//	box, err := mailbox.Open(dir) // "" keeps mails in memory
//	addr, err := box.Start("127.0.0.1:0")
//	http.Handle("/dev/mailbox/", mailbox.Handler(box))
//	…
//	box.Close()
//
// # What an answer means
//
// The reply 250 to a mail means that it is stored. With a folder that is: written
// to a file of its own, the file on disk, its final name on disk; a process killed at
// any moment leaves either a whole mail or none. A mail that cannot be stored is
// answered 451, so that its sender tries again.
//
// # Files
//
// Each mail is one file DIR/0000000042.eml: a first header line
// X-Mailbox-Envelope with the envelope as JSON, and then the mail byte by byte as
// it came. A mail program can open it. The number is the mail's id and its place in
// the list; files may be deleted by hand.
//
// # Where to look
//
//   - mailbox.go: the box and its list
//   - store.go: files
//   - server.go: SMTP; faults.go: what tests make it do wrong
//   - parse.go: a mail's bytes as a [Mail]
//   - page.go, page.html: the page and its JSON
package mailbox
