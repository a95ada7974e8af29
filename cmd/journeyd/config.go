package main

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/mail"
	"net/url"
	"os"
	"sort"
	"strings"

	"github.com/knadh/koanf/parsers/yaml"
	"github.com/knadh/koanf/providers/confmap"
	"github.com/knadh/koanf/providers/env/v2"
	"github.com/knadh/koanf/providers/file"
	"github.com/knadh/koanf/providers/posflag"
	"github.com/knadh/koanf/v2"
	"github.com/spf13/pflag"

	"journey/dsl"
	"journey/dsl/diag"
)

// config is what a server is told. Flags win over the environment
// (JOURNEY_LISTEN, JOURNEY_WRITE_KEYS_WEB …), that over the file, that over
// the defaults.
type config struct {
	Listen         string              `koanf:"listen"`
	Redis          string              `koanf:"redis"`
	Temporal       string              `koanf:"temporal"`
	Namespace      string              `koanf:"namespace"`
	SMTP           string              `koanf:"smtp"`
	From           string              `koanf:"from"`
	PublicURL      string              `koanf:"public_url"`
	LinkSecret     []string            `koanf:"link_secret"` // the first signs, all are good
	UnsubMail      string              `koanf:"unsubscribe_mail"`
	AdminKey       string              `koanf:"admin_key"`
	WriteKeys      map[string]string   `koanf:"write_keys"`      // key by source name
	Sources        map[string]source   `koanf:"sources"`         // how they may use them
	WebhookSecrets map[string][]string `koanf:"webhook_secrets"` // by message name, the newest first
	WebhookPrivate bool                `koanf:"webhook_private"`
	Providers      map[string]string   `koanf:"providers"` // of sms, push and line
	LogLevel       string              `koanf:"log_level"`
	EventLog       string              `koanf:"event_log"`      // folder; "": none is kept
	EventLogDays   int                 `koanf:"event_log_days"` // 0: for ever
}

// keys are all there are, with what each is; those ending in a dot hold
// names that people choose.
var keys = map[string]string{
	"listen":           "address of the HTTP API",
	"redis":            "URL of Redis: redis://[user:password@]host:port[/db]",
	"temporal":         "address of Temporal: host:port",
	"namespace":        "Temporal namespace",
	"smtp":             "mail server: smtp://[user:password@]host:port or smtps://…",
	"from":             "sender of e-mails",
	"public_url":       "address of this server in links: https://journey.example.com",
	"link_secret":      "secret that signs the links in messages; several: the first signs, all are good",
	"unsubscribe_mail": "mailbox that somebody reads, for those who want no more mails",
	"admin_key":        "key for the admin API and profiles",
	"write_keys.":      "key of each source that may post events",
	"sources.":         "kind, rate, burst and events of each source",
	"webhook_secrets.": "signing secrets of each webhook message",
	"webhook_private":  "let webhooks reach private networks",
	"providers.":       "provider of sms, push and line: file:PATH writes messages down",
	"log_level":        "debug, info, warn or error",
	"event_log":        "folder in which all accepted inputs are kept; none: they are not kept",
	"event_log_days":   "how many days they are kept; 0: for ever",
}

var defaults = map[string]any{
	"listen":    "127.0.0.1:8080",
	"namespace": "default",
	"log_level": "info",
}

// secret says whether a key's value is shown masked.
func secret(key string) bool {
	return key == "admin_key" || key == "link_secret" || strings.HasPrefix(key, "write_keys.") || strings.HasPrefix(key, "webhook_secrets.")
}

// loadConfig reads the configuration from its four places.
func loadConfig(path string, flags *pflag.FlagSet) (*config, *koanf.Koanf, error) {
	k := koanf.New(".")
	if err := k.Load(confmap.Provider(defaults, "."), nil); err != nil {
		return nil, nil, err
	}
	if path != "" {
		if err := k.Load(file.Provider(path), yaml.Parser()); err != nil {
			return nil, nil, fmt.Errorf("configuration %s: %w", path, err)
		}
	}
	if err := unknown(k.Keys(), path); err != nil {
		return nil, nil, err
	}
	if err := unknownVariables(os.Environ()); err != nil {
		return nil, nil, err
	}
	vars := env.Provider(".", env.Opt{Prefix: "JOURNEY_", TransformFunc: envKey})
	if err := k.Load(vars, nil); err != nil {
		return nil, nil, fmt.Errorf("environment: %w", err)
	}
	if flags != nil {
		key := func(f *pflag.Flag) (string, any) {
			return strings.ReplaceAll(f.Name, "-", "_"), posflag.FlagVal(flags, f)
		}
		if err := k.Load(posflag.ProviderWithFlag(flags, ".", k, key), nil); err != nil {
			return nil, nil, err
		}
	}
	var c config
	if err := k.Unmarshal("", &c); err != nil {
		return nil, nil, fmt.Errorf("configuration: %s", strings.Join(strings.Fields(err.Error()), " ")) // on one line
	}
	return &c, k, nil
}

// envKey is the configuration key of an environment variable; "" for one that
// is none of ours, JOURNEY_KEY of the command line say.
func envKey(name, value string) (string, any) {
	key := strings.ToLower(strings.TrimPrefix(name, "JOURNEY_"))
	for known := range keys {
		if group, ok := strings.CutSuffix(known, "."); ok {
			if rest, ok := strings.CutPrefix(key, group+"_"); ok && rest != "" {
				if group == "webhook_secrets" {
					return known + rest, strings.Fields(value)
				}
				return known + rest, value
			}
		} else if key == known {
			if key == "link_secret" {
				return key, strings.Fields(value)
			}
			return key, value
		}
	}
	return "", nil
}

// unknownVariables refuses variables that look like a misspelt key: they would
// be ignored otherwise. Others may be somebody else's.
func unknownVariables(environ []string) error {
	var names []string
	for known := range keys {
		names = append(names, strings.TrimSuffix(known, "."))
	}
	sort.Strings(names)
	for _, v := range environ {
		name, value, _ := strings.Cut(v, "=")
		short, ours := strings.CutPrefix(name, "JOURNEY_")
		if !ours || short == "KEY" || short == "SERVER" { // the last are the command line's
			continue
		}
		if key, _ := envKey(name, value); key != "" {
			continue
		}
		if near := diag.Suggest(strings.ToLower(short), names); near != "" {
			return fmt.Errorf("environment: there is no %s: did you mean JOURNEY_%s?", name, strings.ToUpper(near))
		}
	}
	return nil
}

// unknown refuses keys that mean nothing: a misspelt one would be ignored
// otherwise.
func unknown(have []string, path string) error {
	sort.Strings(have)
	var names []string
	for known := range keys {
		names = append(names, strings.TrimSuffix(known, "."))
	}
	sort.Strings(names)
	for _, key := range have {
		top, _, nested := strings.Cut(key, ".")
		if _, ok := keys[key]; ok {
			continue
		}
		if _, group := keys[top+"."]; group && nested {
			continue
		}
		if _, group := keys[key+"."]; group {
			return fmt.Errorf("configuration %s: %s holds names with a value each: write %s: {NAME: VALUE}", path, key, key)
		}
		if near := diag.Suggest(top, names); near != "" {
			return fmt.Errorf("configuration %s: there is no key %q: did you mean %q?", path, key, near)
		}
		return fmt.Errorf("configuration %s: there is no key %q: the keys are %s", path, key, strings.Join(names, ", "))
	}
	return nil
}

// show is the configuration as it may be shown: secrets are masked.
func show(k *koanf.Koanf) []string {
	all := k.All()
	var lines []string
	for key, v := range all {
		if _, ours := keys[key]; !ours && !secret(key) {
			continue
		}
		text := fmt.Sprint(v)
		if secret(key) {
			text = "********"
		} else if strings.Contains(text, "://") {
			text = redacted(text)
		}
		lines = append(lines, key+": "+text)
	}
	sort.Strings(lines)
	return lines
}

// complete says what a production server still has to be told.
func (c *config) complete() error {
	var missing, variables []string
	for name, v := range map[string]string{"redis": c.Redis, "temporal": c.Temporal, "admin_key": c.AdminKey} {
		if v == "" {
			missing = append(missing, name)
		}
	}
	if len(missing) > 0 {
		sort.Strings(missing)
		for _, name := range missing {
			variables = append(variables, "JOURNEY_"+strings.ToUpper(name))
		}
		return fmt.Errorf("the configuration lacks %s: write them in the file of --config, or set %s",
			strings.Join(missing, ", "), strings.Join(variables, ", "))
	}
	if err := isAddress(c.Temporal); err != nil {
		return err
	}
	if err := c.completeMail(); err != nil {
		return err
	}
	if err := c.completeSources(); err != nil {
		return err
	}
	if len(c.AdminKey) < 16 {
		return errors.New("admin_key is too short to be a secret: use at least 16 characters")
	}
	return nil
}

// isAddress says whether Temporal can be reached at all by an address.
func isAddress(temporal string) error {
	if host, port, err := net.SplitHostPort(temporal); err != nil || host == "" || port == "" {
		return fmt.Errorf("temporal %q is no address: write host:port, like 127.0.0.1:7233", temporal)
	}
	return nil
}

// completeMail says what a server that sends mails or short messages still has
// to be told: a link to leave by stands in each mail that is not
// transactional, may stand in all others, and must work.
func (c *config) completeMail() error {
	if c.PublicURL != "" {
		if u, err := url.Parse(c.PublicURL); err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
			return fmt.Errorf("public_url %s is no address: write it like https://journey.example.com", redacted(c.PublicURL))
		}
	}
	if c.UnsubMail != "" {
		if a, err := mail.ParseAddress(c.UnsubMail); err != nil || a.Address != c.UnsubMail {
			return errors.New("unsubscribe_mail is no address: write it like leave@shop.example")
		}
	}
	for _, secret := range c.LinkSecret {
		if len(secret) < 16 {
			return errors.New("link_secret is too short to be a secret: use at least 16 characters")
		}
	}
	if c.SMTP == "" && len(c.Providers) == 0 {
		return nil
	}
	switch {
	case c.From == "" && c.SMTP != "":
		return errors.New("the configuration lacks from (JOURNEY_FROM): the sender of e-mails, like shop@example.com")
	case c.PublicURL == "":
		return errors.New("the configuration lacks public_url (JOURNEY_PUBLIC_URL): the address of this server in the links of messages, like https://journey.example.com")
	case len(c.LinkSecret) == 0:
		return errors.New("the configuration lacks link_secret (JOURNEY_LINK_SECRET): it signs the links by which people leave; make one with `openssl rand -hex 32`, and keep it")
	}
	return nil
}

// linkSecrets are the secrets of links; without mails there are no links, and
// one that nobody knows will do.
func (c *config) linkSecrets() [][]byte {
	if len(c.LinkSecret) == 0 {
		return [][]byte{newSecret()}
	}
	var list [][]byte
	for _, s := range c.LinkSecret {
		list = append(list, []byte(s))
	}
	return list
}

// publicURL is the address of this server as the outside knows it.
func (c *config) publicURL() string {
	if c.PublicURL != "" {
		return c.PublicURL
	}
	return "http://" + c.Listen
}

// redacted is a URL without its password.
func redacted(s string) string {
	if u, err := url.Parse(s); err == nil {
		return u.Redacted()
	}
	return "(unreadable)"
}

// exists says whether a folder is there, in one clear line if not.
func exists(dir string) error {
	info, err := os.Stat(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("there is no folder %q: name the one with the %s files", dir, dsl.Extension)
	case err != nil:
		return fmt.Errorf("the workspace %s cannot be read: %w", dir, err)
	case !info.IsDir():
		return fmt.Errorf("the workspace %s is not a folder", dir)
	}
	return nil
}
