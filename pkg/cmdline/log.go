package cmdline

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"sync"
)

func newLog(name string, people io.Writer, format string, verbose, quiet bool) (*slog.Logger, error) {
	level := slog.LevelWarn
	if verbose {
		level = slog.LevelDebug
	}
	if quiet {
		level = slog.LevelError
	}
	switch format {
	case "text":
		return slog.New(&plainHandler{name: name, out: people, level: level, mu: new(sync.Mutex)}), nil
	case "json":
		h := slog.NewJSONHandler(people, &slog.HandlerOptions{Level: level})
		return slog.New(h).With("by", name), nil
	}
	return nil, Usagef("flag --log is %q, expected text or json", format)
}

// plainHandler writes remarks as people expect them from a command:
// "bt-probe: what happened (key value, …)".
type plainHandler struct {
	name  string
	out   io.Writer
	level slog.Level
	attrs []slog.Attr
	mu    *sync.Mutex
}

func (h *plainHandler) Enabled(_ context.Context, level slog.Level) bool { return level >= h.level }

func (h *plainHandler) Handle(_ context.Context, r slog.Record) error {
	var parts []string
	add := func(a slog.Attr) bool {
		parts = append(parts, fmt.Sprintf("%s %v", a.Key, a.Value))
		return true
	}
	for _, a := range h.attrs {
		add(a)
	}
	r.Attrs(add)
	text := r.Message
	if len(parts) > 0 {
		text += " (" + strings.Join(parts, ", ") + ")"
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	_, err := fmt.Fprintf(h.out, "%s: %s\n", h.name, text)
	return err
}

func (h *plainHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	with := *h
	with.attrs = append(append([]slog.Attr(nil), h.attrs...), attrs...)
	return &with
}

func (h *plainHandler) WithGroup(string) slog.Handler { return h }
