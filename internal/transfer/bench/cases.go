package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// way is one way to bring a sample into an empty folder of the pod.
type way struct {
	name string
	run  func(ctx context.Context, s *sample, dir string) error
}

func (b *bench) ours(extra ...string) way {
	return way{"mastodon-restore", func(ctx context.Context, s *sample, dir string) error {
		_, err := b.child(ctx, s, dir, extra...)
		return err
	}}
}

// socket is ours over the transport that it does not take for much data.
func (b *bench) socket() way {
	w := b.ours("-websocket")
	w.name = "mastodon-restore, WebSocket"
	return w
}

func (b *bench) copying() way {
	return way{"kubectl cp", func(ctx context.Context, s *sample, dir string) error {
		entries, err := os.ReadDir(s.tree)
		if err != nil {
			return err
		}
		for _, e := range entries {
			if err := b.kubectl(ctx, nil, nil, "-n", b.namespace, "cp", filepath.Join(s.tree, e.Name()), "box:"+dir); err != nil {
				return err
			}
		}
		return nil
	}}
}

func (b *bench) piping() way {
	return way{"kubectl exec | tar -xz", func(ctx context.Context, s *sample, dir string) error {
		return b.feedPod(ctx, s.gz, "tar -C "+dir+" -xzf -")
	}}
}

func (b *bench) stream() way {
	return way{"bare stream (limit)", func(ctx context.Context, s *sample, _ string) error {
		return b.feedPod(ctx, s.tar, "cat >/dev/null")
	}}
}

func (b *bench) local() way {
	return way{"tar on the node (limit)", func(ctx context.Context, s *sample, _ string) error {
		dir, err := os.MkdirTemp(b.dir, "local-")
		if err != nil {
			return err
		}
		return exec.CommandContext(ctx, "tar", "-C", dir, "-xf", s.tar).Run()
	}}
}

// child runs one transfer of ours in its own process.
func (b *bench) child(ctx context.Context, s *sample, dir string, extra ...string) (result, error) {
	args := append([]string{"send", "-namespace", b.namespace, "-archive", s.gz, "-dir", dir}, extra...)
	cmd := exec.CommandContext(ctx, b.self, args...)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return result{}, err
	}
	var r result
	if err := json.Unmarshal(out, &r); err != nil {
		return result{}, err
	}
	if r.Error != "" {
		return r, fmt.Errorf("transfer: %s", r.Error)
	}
	return r, nil
}

// newDir makes an empty folder. Nothing is deleted before the end: an ext4 without a journal looks
// at every inode deleted in the last minutes before it takes another, which makes all that follows
// several times slower.
func (b *bench) newDir(ctx context.Context, root string) (string, error) {
	b.dirs++
	dir := fmt.Sprintf("%s/run-%d", root, b.dirs)
	return dir, b.inPod(ctx, "mkdir "+dir+" && sync")
}

// race runs all ways by turns and returns each one's median seconds.
func (b *bench) race(ctx context.Context, title string, s *sample, root string, ways []way) (map[string]float64, error) {
	took := map[string][]float64{}
	for round := range b.rounds {
		for i := range ways {
			w := ways[(i+round)%len(ways)]
			dir, err := b.newDir(ctx, root)
			if err != nil {
				return nil, err
			}
			began := time.Now()
			if err := w.run(ctx, s, dir); err != nil {
				return nil, fmt.Errorf("%s: %w", w.name, err)
			}
			took[w.name] = append(took[w.name], time.Since(began).Seconds())
		}
	}
	fmt.Printf("\n%s: %d files, %.1f MiB\n", title, s.files, float64(s.bytes)/(1<<20))
	middle := map[string]float64{}
	for _, w := range ways {
		t := took[w.name]
		slices.Sort(t)
		middle[w.name] = t[len(t)/2]
		fmt.Printf("  %-26s %8.2f s  %7.1f MiB/s  %8.0f files/s  (%.2f to %.2f s)\n", w.name, middle[w.name],
			float64(s.bytes)/(1<<20)/middle[w.name], float64(s.files)/middle[w.name], t[0], t[len(t)-1])
	}
	return middle, nil
}

func goal(what string, value float64, compare string, limit float64) {
	met := "missed"
	if compare == ">=" && value >= limit || compare == "<=" && value <= limit {
		met = "met"
	}
	fmt.Printf("  %s: %.2f, goal %s %.2f: %s\n", what, value, compare, limit, met)
}

func (b *bench) large(ctx context.Context) error {
	s, err := b.make("large", 1000, 500_000, 500_000, flat)
	if err != nil {
		return err
	}
	t, err := b.race(ctx, "files of 500 KB", s, "/fast", []way{b.ours(), b.socket(), b.copying(), b.piping(), b.stream(), b.local()})
	if err == nil {
		goal("part of the bare stream's speed", t["bare stream (limit)"]/t["mastodon-restore"], ">=", 0.95)
	}
	return err
}

func (b *bench) small(ctx context.Context) error {
	s, err := b.make("small", 20_000, 2<<10, 40<<10, leaves)
	if err != nil {
		return err
	}
	t, err := b.race(ctx, "one file per leaf", s, "/fast", []way{b.ours(), b.socket(), b.copying(), b.piping(), b.local(), b.stream()})
	if err == nil {
		goal("times as fast as kubectl cp", t["kubectl cp"]/t["mastodon-restore"], ">=", 2)
		goal("times as long as tar on the node", t["mastodon-restore"]/t["tar on the node (limit)"], "<=", 1.3)
	}
	return err
}

func (b *bench) slow(ctx context.Context) error {
	s, err := b.make("slow", 4000, 2<<10, 40<<10, leaves)
	if err != nil {
		return err
	}
	t, err := b.race(ctx, "one file per leaf, slow file system", s, "/slow", []way{b.ours(), b.copying(), b.piping()})
	if err == nil {
		goal("times as fast as kubectl cp", t["kubectl cp"]/t["mastodon-restore"], ">=", 8)
	}
	return err
}

// cut kills the transfer at 63 percent and resumes it.
func (b *bench) cut(ctx context.Context) error {
	s, err := b.make("cut", 1000, 500_000, 500_000, flat)
	if err != nil {
		return err
	}
	dir, err := b.newDir(ctx, "/fast")
	if err != nil {
		return err
	}
	ledger := filepath.Join(b.dir, "ledger")
	if _, err := b.child(ctx, s, dir, "-ledger", ledger, "-kill-at", "0.63"); err == nil || !strings.Contains(err.Error(), "killed") {
		return errors.Join(errors.New("the transfer was not killed"), err)
	}
	r, err := b.child(ctx, s, dir, "-ledger", ledger, "-verify")
	if err != nil {
		return err
	}
	fmt.Printf("\nkilled at 63 %%, resumed: %d of %d parcels had arrived, %.1f MiB sent then, %d digests of %d equal\n",
		r.Report.Resumed, r.Report.Parcels, float64(r.Report.SentBytes)/(1<<20), r.Report.Verification.Equal, r.Report.Verification.Digests)
	rest := float64(r.Report.Parcels-r.Report.Resumed) / float64(r.Report.Parcels) * float64(s.bytes) / (1 << 20)
	goal("MiB sent twice, at most", rest-0.37*float64(s.bytes)/(1<<20), "<=", 64)
	return nil
}

// memory sends 2 GiB and looks at what that costs.
func (b *bench) memory(ctx context.Context) error {
	s, err := b.make("memory", 2048, 1<<20, 1<<20, flat)
	if err != nil {
		return err
	}
	for _, way := range [][]string{nil, {"-websocket"}} {
		dir, err := b.newDir(ctx, "/fast")
		if err != nil {
			return err
		}
		before := cpuSeconds(b.apiserver)
		r, err := b.child(ctx, s, dir, way...)
		if err != nil {
			return err
		}
		fmt.Printf("\n2 GiB %v: %.1f s, %.1f MiB/s, at most %d lanes, API server %.1f CPU seconds per GiB\n", way, r.Seconds,
			float64(s.bytes)/(1<<20)/r.Seconds, r.Report.Lanes, (cpuSeconds(b.apiserver)-before)/(float64(s.bytes)/(1<<30)))
		goal("client's memory, MiB", float64(r.PeakMemory)/(1<<20), "<=", 128)
	}
	return nil
}
