package kube

import (
	"io"
	"log/slog"

	"k8s.io/klog/v2"
)

// LogTo sends everything client-go has to say to w, and nothing to the terminal. klog is one per
// process and not made for changes: call LogTo once, before [Connect].
func LogTo(w io.Writer) {
	klog.SetSlogLogger(slog.New(slog.NewTextHandler(w, &slog.HandlerOptions{Level: slog.LevelInfo})))
}
