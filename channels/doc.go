// Package channels brings rendered messages to their providers: e-mail over
// SMTP and webhooks over HTTP. What a message says, whether it may go out and
// when was decided before it comes here; what became of it is recorded by whoever
// calls. The package knows no store, no journey and no person.
//
// # Two calls
//
// A send may go out at most once, however often it is retried or killed. So a
// provider is asked in two calls with the claim between them:
//
//	delivery, err := provider.Prepare(ctx, message) // may be repeated
//	… the claim is committed: the send is now "attempting" …
//	result := delivery.Deliver(ctx)                 // once
//	… the settlement is committed: result.Outcome …
//
// Prepare does everything that can fail without the recipient noticing: it
// checks the message, connects, encrypts, signs in; for SMTP it goes up to the
// accepted RCPT. A failure there is certain, and trying again is harmless. Deliver
// hands the message over and says one of four things: sent, failed, temporary,
// uncertain. A delivery that was prepared and is not wanted any more (the claim was
// refused) is given back with Abandon.
//
// # Personal data
//
// Messages, and whatever a provider answers, are personal. Codes are not: [Error]
// and [Result] print their Code alone, and [Message] prints its channel and key, so
// that a value which slips into a log says nothing about anybody.
//
// # Where to look
//
//   - channels.go: the contract
//   - set.go: providers by channel, and the bulkhead [Limit]
//   - email.go: SMTP, its phases and outcomes; email_conn.go one connection,
//     email_pool.go the idle ones, email_compose.go the message as bytes
//   - webhook.go: HTTP; webhook_sign.go Standard Webhooks signatures
//   - mailbox/: the SMTP server for laptops and tests that keeps every mail, and
//     its page
package channels
