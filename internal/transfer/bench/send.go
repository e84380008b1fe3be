package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"runtime/pprof"
	"strconv"
	"strings"
	"syscall"
	"time"

	"mastodon-restore/internal/remote"
	"mastodon-restore/internal/transfer"
	"mastodon-restore/kube"
)

// result is what a child process tells of one transfer.
type result struct {
	Report transfer.Report
	Error  string
	// PeakMemory is the process's largest resident size in bytes.
	PeakMemory int64
	Seconds    float64
}

// send is the child: one transfer in a process of its own, so that its memory can be told.
func send(ctx context.Context, args []string) error {
	f := flag.NewFlagSet("send", flag.ContinueOnError)
	namespace := f.String("namespace", "", "")
	archive := f.String("archive", "", "")
	dir := f.String("dir", "", "")
	ledger := f.String("ledger", "", "")
	lanes := f.Int("lanes", 0, "")
	batchBytes := f.Int64("batch-bytes", 0, "")
	batchFiles := f.Int("batch-files", 0, "")
	verify := f.Bool("verify", false, "")
	socket := f.Bool("websocket", false, "")
	killAt := f.Float64("kill-at", 0, "")
	profile := f.String("cpuprofile", "", "")
	if err := f.Parse(args); err != nil {
		return err
	}
	cluster, err := kube.Connect(ctx, kube.Options{Namespace: *namespace})
	if err != nil {
		return err
	}
	opt := transfer.Options{Lanes: *lanes, BatchBytes: *batchBytes, BatchFiles: *batchFiles, Verify: transfer.VerifyNone}
	if *verify {
		opt.Verify = transfer.VerifySample
	}
	if *ledger != "" {
		l, err := transfer.OpenLedger(*ledger)
		if err != nil {
			return err
		}
		defer l.Close()
		opt.Ledger = l
	}
	var began time.Time
	opt.Progress = func(p transfer.Progress) {
		if *killAt > 0 && float64(p.Done) >= *killAt*float64(p.Total) {
			_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
		}
		if os.Getenv("BENCH_VERBOSE") != "" {
			fmt.Fprintf(os.Stderr, "%6.1fs %v lanes=%d files=%d bytes=%d %s\n", time.Since(began).Seconds(), p.Phase, p.Lanes, p.Files, p.Bytes, p.Note)
		}
	}
	if *profile != "" {
		stop, err := profileTo(*profile)
		if err != nil {
			return err
		}
		defer stop()
	}
	place := cluster.Place("box", "box")
	if *socket {
		place = overSocket{place}
	}
	began = time.Now()
	report, err := transfer.Send(ctx, place, *archive, transfer.Destination{Dir: *dir}, opt)
	r := result{Report: report, PeakMemory: peakMemory(), Seconds: time.Since(began).Seconds()}
	if err != nil {
		r.Error = err.Error()
	}
	return json.NewEncoder(os.Stdout).Encode(r)
}

// overSocket hides the other transport from the transfer.
type overSocket struct{ remote.Place }

// profileTo writes a profile of the processor's time until stop is called.
func profileTo(path string) (stop func(), err error) {
	f, err := os.Create(path)
	if err != nil {
		return nil, err
	}
	if err := pprof.StartCPUProfile(f); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return func() {
		pprof.StopCPUProfile()
		_ = f.Close()
	}, nil
}

func peakMemory() int64 {
	b, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(b)) {
		if rest, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			kib, _ := strconv.ParseInt(strings.Fields(rest)[0], 10, 64)
			return kib << 10
		}
	}
	return 0
}
