package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func write(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "journey.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// Flags win over the environment, that over the file, that over defaults.
func TestConfigOrder(t *testing.T) {
	path := write(t, "listen: 1.2.3.4:5\nredis: redis://file:6379\ntemporal: file:7233\nwrite_keys: {web: 0123456789abcdef}\n")
	t.Setenv("JOURNEY_REDIS", "redis://env:6379")
	t.Setenv("JOURNEY_TEMPORAL", "env:7233")
	t.Setenv("JOURNEY_WRITE_KEYS_APP", "fedcba9876543210")
	t.Setenv("JOURNEY_WEBHOOK_SECRETS_POINTS", "whsec_b whsec_a")
	t.Setenv("JOURNEY_KEY", "of the command line")
	cmd := serveCommand()
	t.Setenv("JOURNEY_LINK_SECRET", "0123456789-new 0123456789-old")
	if err := cmd.ParseFlags([]string{"--temporal", "flag:7233", "--log-level", "debug", "--public_url", "https://flag.example"}); err != nil {
		t.Fatal(err)
	}
	c, k, err := loadConfig(path, cmd.Flags())
	if err != nil {
		t.Fatal(err)
	}
	if c.Listen != "1.2.3.4:5" || c.Redis != "redis://env:6379" || c.Temporal != "flag:7233" || c.Namespace != "default" {
		t.Errorf("got %+v", c)
	}
	if c.LogLevel != "debug" || c.PublicURL != "https://flag.example" || len(c.LinkSecret) != 2 {
		t.Errorf("got %+v", c)
	}
	if c.WriteKeys["web"] == "" || c.WriteKeys["app"] == "" || len(c.WebhookSecrets["points"]) != 2 {
		t.Errorf("keys: %+v", c)
	}
	shown := strings.Join(show(k), "\n")
	if strings.Contains(shown, "0123456789") || strings.Contains(shown, "whsec") || !strings.Contains(shown, "********") {
		t.Errorf("secrets are shown:\n%s", shown)
	}
}

func TestConfigUnknownKey(t *testing.T) {
	_, _, err := loadConfig(write(t, "temporl: x\n"), nil)
	if err == nil || !strings.Contains(err.Error(), `did you mean "temporal"`) {
		t.Errorf("got %v", err)
	}
	_, _, err = loadConfig(write(t, "write_keys: x\n"), nil)
	if err == nil || !strings.Contains(err.Error(), "write write_keys: {NAME: VALUE}") {
		t.Errorf("got %v", err)
	}
	_, _, err = loadConfig(write(t, "listen: [1]\n"), nil)
	if err == nil || strings.Contains(err.Error(), "\n") {
		t.Errorf("not one line: %v", err)
	}
	if err := unknownVariables([]string{"JOURNEY_KEY=x", "JOURNEY_SERVER=x", "JOURNEY_CITY=x", "JOURNEY_WRITE_KEYS_WEB=x", "HOME=x"}); err != nil {
		t.Error(err)
	}
	t.Setenv("JOURNEY_LINK_SECRT", "0123456789abcdef")
	if _, _, err := loadConfig("", nil); err == nil || !strings.Contains(err.Error(), "did you mean JOURNEY_LINK_SECRET?") {
		t.Errorf("got %v", err)
	}
}

func TestConfigComplete(t *testing.T) {
	c := config{Redis: "redis://x", Temporal: "x:7233"}
	if err := c.complete(); err == nil || !strings.Contains(err.Error(), "admin_key") {
		t.Errorf("got %v", err)
	}
	c.AdminKey, c.Sources = "0123456789abcdef", map[string]source{"web": {Rate: -1}}
	if err := c.complete(); err == nil || !strings.Contains(err.Error(), "sources.web has no key") {
		t.Errorf("got %v", err)
	}
	c.WriteKeys = map[string]string{"web": "0123456789abcdef"}
	if err := c.complete(); err == nil || !strings.Contains(err.Error(), "sources.web: rate") {
		t.Errorf("got %v", err)
	}
	c.Sources = map[string]source{"web": {Kind: "web", Rate: 100, Events: []string{"Order Completed"}}}
	if err := c.complete(); err != nil || c.sources()[0].Rate != 100 || !c.sources()[0].Configured {
		t.Errorf("got %v, %+v", err, c.sources())
	}
	c.WriteKeys = map[string]string{"web": "short"}
	if err := c.complete(); err == nil || !strings.Contains(err.Error(), "write_keys.web") {
		t.Errorf("got %v", err)
	}
	// A server that sends mails needs what the links in them need.
	c = config{
		Redis: "redis://x", Temporal: "x", AdminKey: "0123456789abcdef", WriteKeys: map[string]string{"web": "0123456789abcdef"},
		SMTP: "smtp://mail",
	}
	for _, step := range []struct {
		lacks string
		then  func()
	}{
		{`temporal "x" is no address`, func() { c.Temporal = "x:7233" }},
		{"from", func() { c.From = "shop@example.com" }},
		{"public_url", func() { c.PublicURL = "shop.example" }},
		{"public_url shop.example is no address", func() { c.PublicURL = "https://shop.example" }},
		{"link_secret", func() { c.LinkSecret = []string{"short"} }},
		{"link_secret is too short", func() { c.LinkSecret = []string{"0123456789abcdef"} }},
	} {
		if err := c.complete(); err == nil || !strings.Contains(err.Error(), step.lacks) {
			t.Errorf("got %v, want something about %s", err, step.lacks)
		}
		step.then()
	}
	if err := c.complete(); err != nil {
		t.Error(err)
	}
}
