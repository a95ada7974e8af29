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
	if err := cmd.ParseFlags([]string{"--temporal", "flag:7233"}); err != nil {
		t.Fatal(err)
	}
	c, k, err := loadConfig(path, cmd.Flags())
	if err != nil {
		t.Fatal(err)
	}
	if c.Listen != "1.2.3.4:5" || c.Redis != "redis://env:6379" || c.Temporal != "flag:7233" || c.Namespace != "default" {
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
}

func TestConfigComplete(t *testing.T) {
	c := config{Redis: "redis://x", Temporal: "x", AdminKey: "0123456789abcdef"}
	if err := c.complete(); err == nil || !strings.Contains(err.Error(), "write_keys") {
		t.Errorf("got %v", err)
	}
	c.WriteKeys = map[string]string{"web": "short"}
	if err := c.complete(); err == nil || !strings.Contains(err.Error(), "write_keys.web") {
		t.Errorf("got %v", err)
	}
}
