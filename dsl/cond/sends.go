package cond

import (
	"slices"

	"github.com/expr-lang/expr/ast"
)

// silentChannels are those that do not report whether a message was opened.
var silentChannels = []string{"sms", "line", "webhook"}

// sends compiles sent(M), opened(M) and clicked(M): what became of the
// messages of this run.
func (k *compiler) sends(n *ast.CallNode, name string) *code {
	if len(n.Arguments) != 1 {
		return k.errArguments(n, name, 1, 1)
	}
	if k.scope.Sends == nil {
		return k.errNotHere(n.Callee, "there is no run here whose messages `%s` could ask about", name)
	}
	id, ok := n.Arguments[0].(*ast.IdentifierNode)
	if !ok {
		return k.errMessageName(n.Arguments[0], name)
	}
	message := id.Value
	if message == hole {
		return k.visit(id)
	}
	channel, declared := k.scope.Messages[message]
	switch {
	case !declared:
		return k.errUnknownMessage(id, message)
	case !k.scope.Sends[message]:
		return k.errNotSent(id, message)
	case name == "opened" && slices.Contains(silentChannels, channel):
		return k.errNoOpens(n, message, channel)
	}
	k.messages[message] = true
	ask := map[string]func(Sends, string) bool{"sent": Sends.Sent, "opened": Sends.Opened, "clicked": Sends.Clicked}[name]
	return condCode(n, func(e *Env) bool { return e.Sends != nil && ask(e.Sends, message) })
}
