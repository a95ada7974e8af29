package main

import (
	_ "embed" // the workspaces
	"os"
	"path/filepath"
)

var (
	//go:embed shop/shop.journey
	shopSource string
	//go:embed shop/ping.journey
	pingSource string
	//go:embed shop/five.journey
	fiveSource string
)

// shop is the workspace that events are measured with.
func shop() map[string]string { return map[string]string{"shop.journey": shopSource} }

// workspace writes a workspace of one file into a folder of its own, as
// journeyd wants it.
func (b *bench) workspace(name, source string) (string, error) {
	dir := filepath.Join(b.dir, "workspace-"+name)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", err
	}
	return dir, os.WriteFile(filepath.Join(dir, name+".journey"), []byte(source), 0o600)
}
