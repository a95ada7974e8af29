package main

import (
	"errors"
	"os"

	"github.com/spf13/cobra"

	"journey/lsp"
)

func newLSP() *cobra.Command {
	return &cobra.Command{
		Use:   "lsp",
		Short: "Answer an editor: diagnostics, completion, rename",
		Long: `Lsp is a language server: it speaks the Language Server Protocol on standard
input and output, and ends when the editor does. Editors start it themselves;
docs/editors.md tells how, for VS Code, Neovim, Helix, Emacs and others.

It exits with 0 when the editor has said that it leaves, and with 1 otherwise.`,
		Example: `  journey lsp`,
		Args:    noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			err := lsp.Serve(cmd.Context(), os.Stdin, cmd.OutOrStdout(), cmd.ErrOrStderr(), buildVersion())
			if errors.Is(err, lsp.ErrNoShutdown) {
				return &exit{code: exitFailed}
			}
			return err
		},
	}
}
