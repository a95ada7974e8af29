package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"journey/channels"
	"journey/dsl/diag"
	"journey/engine"
)

func serveCommand() *cobra.Command {
	var path string
	var showOnly bool
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Run the server against a Temporal and a Redis of yours",
		Example: `  journeyd serve --config journey.yaml
  JOURNEY_ADMIN_KEY=… JOURNEY_WRITE_KEYS_WEB=… journeyd serve --redis redis://redis:6379 --temporal temporal:7233`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 0 {
				return usage(fmt.Errorf("serve takes no arguments, and there is %q: releases come by journey deploy", args[0]))
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			c, k, err := loadConfig(path, cmd.Flags())
			if err != nil {
				return usage(err)
			}
			if showOnly {
				for _, line := range show(k) {
					fmt.Println(line)
				}
				return nil
			}
			if err := c.complete(); err != nil {
				return usage(err)
			}
			return serve(cmd.Context(), c)
		},
	}
	fl := cmd.Flags()
	fl.StringVar(&path, "config", "", "configuration file (YAML)")
	fl.BoolVar(&showOnly, "show-config", false, "show the configuration, secrets masked, and end")
	for _, name := range []string{"listen", "redis", "temporal", "namespace", "smtp", "from", "public_url", "log_level"} {
		value, _ := defaults[name].(string)
		fl.String(strings.ReplaceAll(name, "_", "-"), value, keys[name])
	}
	fl.SetNormalizeFunc(func(_ *pflag.FlagSet, name string) pflag.NormalizedName { // as it is called elsewhere
		return pflag.NormalizedName(strings.ReplaceAll(name, "_", "-"))
	})
	return cmd
}

// unreadyFor is how long after SIGTERM connections are still taken: whoever
// asks /readyz every second has seen the 503 by then.
const unreadyFor = 3 * time.Second

func serve(ctx context.Context, c *config) error {
	log, err := logger(c.LogLevel)
	if err != nil {
		return usage(err)
	}
	set, err := providers(c.SMTP, c.From, channels.WebhookOptions{Secrets: c.WebhookSecrets, AllowPrivate: c.WebhookPrivate}, c.Providers)
	if err != nil {
		return usage(err)
	}
	ln, err := net.Listen("tcp", c.Listen)
	if err != nil {
		return fmt.Errorf("cannot listen on %s (choose another with --listen): %w", c.Listen, cause(err))
	}
	defer ln.Close()
	s, err := wire(ctx, serverOptions{
		listener: ln, redisURL: c.Redis, strict: true, temporal: c.Temporal, namespace: c.Namespace, speed: 1,
		channels: set, from: c.From, sources: c.sources(), adminKey: c.AdminKey,
		links: newLinks(c.publicURL(), c.linkSecrets()...), leaveBy: c.UnsubMail, unready: unreadyFor, log: log,
		eventLog: c.EventLog, eventLogDays: c.EventLogDays,
	})
	if err != nil {
		if ctx.Err() != nil {
			return nil // told to end while it waited for Redis
		}
		return err
	}
	fmt.Printf("journeyd %s serves on %s, Redis %s, Temporal %s\n", version(), ln.Addr(), redacted(c.Redis), c.Temporal)
	return s.run(ctx)
}

// publish makes the workspace the live release, if it is not already. A
// machine that has much to do while it starts gets some time.
func (s *server) publish(ctx context.Context, sources map[string]string) error {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	for {
		_, diags, err := s.engine.Deploy(ctx, sources, false, "dev")
		switch {
		case errors.Is(err, engine.ErrWorkspace):
			_ = diag.Text(os.Stderr, diags, false)
			return &exitError{exitWrong, nil}
		case err == nil:
			return nil
		case !errors.Is(err, engine.ErrUnavailable) || ctx.Err() != nil:
			return fmt.Errorf("the workspace cannot be published: %w", err)
		}
		select {
		case <-time.After(200 * time.Millisecond):
		case <-ctx.Done():
		}
	}
}

// providers are the channels that a configuration makes.
func providers(smtp, from string, hooks channels.WebhookOptions, texts map[string]string) (channels.Set, error) {
	set := channels.Set{}
	webhook, err := channels.NewWebhook(hooks)
	if err != nil {
		return nil, fmt.Errorf("webhooks: %w", err)
	}
	set["webhook"] = channels.Limit(webhook, slots)
	for channel, spec := range texts {
		if !slices.Contains(channels.TextChannels, channel) {
			return nil, fmt.Errorf("providers.%s: there is no such channel; there are %s", channel, strings.Join(channels.TextChannels, ", "))
		}
		text, err := channels.NewText(spec)
		if err != nil {
			return nil, fmt.Errorf("providers.%s: %w", channel, err)
		}
		set[channel] = channels.Limit(text, slots)
	}
	if smtp == "" {
		return set, nil
	}
	email, err := channels.NewEmail(smtp, channels.EmailOptions{
		From: from, Timeout: 10 * time.Second, BodyTimeout: 20 * time.Second, MaxIdle: slots,
	})
	if err != nil {
		return nil, fmt.Errorf("smtp: %w", err)
	}
	set["email"] = channels.Limit(email, slots)
	return set, nil
}

// slots is how many deliveries of a channel may be under way at once.
const slots = 32

func logger(level string) (*slog.Logger, error) {
	var l slog.Level
	if err := l.UnmarshalText([]byte(level)); err != nil {
		return nil, errors.New("--log-level: give debug, info, warn or error")
	}
	return slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: l})), nil
}
