package backupset

import (
	"cmp"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"runtime/metrics"
	"strconv"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"mastodon-restore/internal/pgserver"
	"mastodon-restore/internal/sample"
)

// BenchmarkRead compares reading a whole set with what there is without us: gzip -t of each archive
// and pg_restore of the dump to nowhere, one after another. BACKUPSET_BENCH_MIB says how large the
// set is, 64 MiB if nothing does. On a busy machine the processor's seconds tell more than the clock's.
func BenchmarkRead(b *testing.B) {
	dir := largeSet(b, benchMiB(b))
	set, err := Open(dir)
	require.NoError(b, err)

	checkWithTools(b, set) // brings the files into the page cache
	debug.FreeOSMemory()
	peak := watchMemory()
	b.SetBytes(set.Size())
	var tools, ours, theirs time.Duration
	for b.Loop() {
		before := spent(b, syscall.RUSAGE_SELF)
		r, err := set.Read(b.Context(), Options{Now: now})
		b.StopTimer() // by turns, so that whatever else the machine does falls on both
		ours += spent(b, syscall.RUSAGE_SELF) - before
		require.NoError(b, err)
		require.Equal(b, Sound, r.Verdict, r.Findings)
		before = spent(b, syscall.RUSAGE_CHILDREN)
		tools += checkWithTools(b, set)
		theirs += spent(b, syscall.RUSAGE_CHILDREN) - before
		b.StartTimer()
	}
	b.ReportMetric(peak(), "peak-MiB")
	b.ReportMetric(ours.Seconds()/float64(b.N), "cpu-s")
	b.ReportMetric(theirs.Seconds()/float64(b.N), "tools-cpu-s")
	b.ReportMetric(tools.Seconds()/float64(b.N), "tools-s")
	b.ReportMetric(tools.Seconds()/b.Elapsed().Seconds(), "times-faster")
}

// BenchmarkOpen is the time until the first screen: contents, age and version of a set. Its dump is
// of BACKUPSET_BENCH_MIB, with offsets and without; the size of the archives does not matter.
func BenchmarkOpen(b *testing.B) {
	f := realSet(b)
	f[dumpFile] = enlarged(b, f[dumpFile], benchMiB(b)<<20/(4<<10))
	for _, c := range []struct {
		name string
		dump []byte
	}{{"offsets", f[dumpFile]}, {"piped", piped(b, f[dumpFile])}} {
		b.Run(c.name, func(b *testing.B) {
			f[dumpFile] = c.dump
			dir := f.write(b)
			for b.Loop() {
				set, err := Open(dir)
				require.NoError(b, err)
				require.NotEmpty(b, set.Release)
			}
			b.ReportMetric(float64(len(c.dump)>>20), "dump-MiB")
		})
	}
}

func benchMiB(b *testing.B) int {
	b.Helper()
	mib, err := strconv.Atoi(cmp.Or(os.Getenv("BACKUPSET_BENCH_MIB"), "64"))
	require.NoError(b, err)
	return mib
}

// largeSet is a set of about so many MiB, nearly all of it cache, as everywhere.
func largeSet(b *testing.B, mib int) string {
	b.Helper()
	scratch, err := os.MkdirTemp("", "backupset-bench")
	require.NoError(b, err)
	b.Cleanup(func() { _ = os.RemoveAll(scratch) })
	dir := filepath.Join(scratch, "set")
	size := sample.Size{
		Seed: 9, Users: 5, LocalStatuses: 10 * mib, RemoteAccounts: 3 * mib, RemoteStatuses: 120 * mib,
		LocalAttachments: mib, RemoteAttachments: 4 * mib, LocalEmojis: 6, RemoteEmojis: mib, Cards: mib, FileBytes: 160_000,
	}
	_, err = makeSet(b.Context(), scratch, dir, size)
	require.NoError(b, err)
	require.NoError(b, os.RemoveAll(filepath.Join(scratch, "root")))
	return dir
}

// spent is the processor time of this process, or of those it has waited for.
func spent(b *testing.B, who int) time.Duration {
	b.Helper()
	var u syscall.Rusage
	require.NoError(b, syscall.Getrusage(who, &u))
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func checkWithTools(b *testing.B, set *Set) time.Duration {
	b.Helper()
	bin, err := pgserver.Find()
	require.NoError(b, err)
	begun := time.Now()
	for _, p := range set.Parts() {
		switch {
		case p.Missing || p.Class == Env:
		case p.Class == Dump:
			require.NoError(b, run(exec.Command(filepath.Join(bin, "pg_restore"), "-f", os.DevNull, p.Path)))
		default:
			require.NoError(b, run(exec.Command("gzip", "-t", p.Path)))
		}
	}
	return time.Since(begun)
}

// watchMemory returns what tells the most memory that the process held since, in MiB.
func watchMemory() (peak func() float64) {
	var most atomic.Uint64
	end, ended := make(chan struct{}), make(chan struct{})
	samples := []metrics.Sample{{Name: "/memory/classes/total:bytes"}, {Name: "/memory/classes/heap/released:bytes"}}
	look := func() {
		metrics.Read(samples)
		most.Store(max(most.Load(), samples[0].Value.Uint64()-samples[1].Value.Uint64()))
	}
	go func() {
		defer close(ended)
		for {
			select {
			case <-end:
				return
			case <-time.After(5 * time.Millisecond):
				look()
			}
		}
	}()
	return func() float64 {
		close(end)
		<-ended
		look()
		return float64(most.Load()) / (1 << 20)
	}
}
