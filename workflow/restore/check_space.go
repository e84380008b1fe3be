package restore

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"mastodon-restore/internal/backupset"
	"mastodon-restore/internal/mastodon"
	"mastodon-restore/internal/remote"
	"mastodon-restore/workflow"
)

// space is what df says of a volume.
type space struct {
	free, inodes int64 // inodes -1: the file system does not say
}

// spaceOfVolumes asks in pods that have the volumes mounted already.
func (s *survey) spaceOfVolumes(ctx context.Context) map[string]space {
	claim, found := s.instance.SystemClaim()
	if !found {
		return nil
	}
	for _, w := range s.instance.Workloads() {
		if w.Component == mastodon.Streaming {
			continue
		}
		state, err := s.World.Cluster.Workload(ctx, w)
		if err != nil {
			continue
		}
		for _, pod := range state.Pods {
			if got, err := dfOf(ctx, remote.Shell{Place: s.World.Cluster.Place(pod, w.Container)}, s.instance.SystemPath); err == nil {
				return map[string]space{claim.MountPath: got}
			}
		}
	}
	return nil
}

// dfOf returns free bytes and inodes of the file system that holds a directory.
func dfOf(ctx context.Context, shell remote.Shell, dir string) (space, error) {
	out, err := shell.Do(ctx, `df -Pk "$1" | tail -n 1 | awk '{print $4}'; df -Pi "$1" 2>/dev/null | tail -n 1 | awk '{print $4}'`, dir)
	if err != nil {
		return space{}, err
	}
	kib, inodes, _ := strings.Cut(strings.TrimSpace(out), "\n")
	n, err := strconv.ParseInt(kib, 10, 64)
	if err != nil {
		return space{}, fmt.Errorf("read df's output %q: %w", out, err)
	}
	got := space{free: n << 10, inodes: -1}
	if i, err := strconv.ParseInt(strings.TrimSpace(inodes), 10, 64); err == nil && i > 0 {
		got.inodes = i
	}
	return got, nil
}

// need is what the archives that go in before reopening, and the cache, will take.
func (r *Restore) need() (bytes, files int64) {
	for _, class := range r.classes(true) {
		if a := r.Facts.Backup.Part(class).Archive; a != nil {
			bytes += a.Bytes
			files += a.Files + a.Directories
		}
	}
	return bytes, files
}

// classes are the archives of the set that will be restored, in order.
func (r *Restore) classes(withCache bool) (list []backupset.Class) {
	if r.Facts.Instance.S3 {
		return nil
	}
	all := []backupset.Class{backupset.Accounts, backupset.MediaAttachments, backupset.SiteUploads, backupset.CustomEmojis}
	if withCache && r.Facts.Options.Cache != CacheSkip {
		all = append(all, backupset.Cache)
	}
	for _, c := range all {
		if r.Facts.Backup.Part(c).Verdict != backupset.Missing {
			list = append(list, c)
		}
	}
	return list
}

func checkVolumeSpace(_ context.Context, s *survey) *workflow.Check {
	claim, found := s.instance.SystemClaim()
	need, _ := s.need()
	if !found || need == 0 {
		return nil
	}
	got, known := s.space[claim.MountPath]
	switch {
	case !known:
		return info("space-system", fmt.Sprintf("%s needed; no running pod mounts %s, so it is looked at again from the utility pod", Bytes(need), claim.Name))
	case got.free < need+need/20:
		return blocks("space-system", fmt.Sprintf("%s free on %s, %s needed", Bytes(got.free), claim.Name, Bytes(need)), "the volume would be full half way",
			"make the volume larger, or leave the cache out with --cache skip; files that are there already count twice, so accept this if the volume holds most of them")
	}
	return ok("space-system", fmt.Sprintf("%s free, %s needed", Bytes(got.free), Bytes(need)))
}

func checkVolumeInodes(_ context.Context, s *survey) *workflow.Check {
	claim, found := s.instance.SystemClaim()
	_, need := s.need()
	got, known := s.space[claim.MountPath]
	switch {
	case !found || !known || got.inodes < 0 || need == 0:
		return nil
	case got.inodes < need:
		return blocks("inodes-system", fmt.Sprintf("%s inodes free on %s, %s files and folders to write", Count(got.inodes), claim.Name, Count(need)),
			"the volume would refuse new files half way", "use a volume with more inodes, or --cache skip")
	}
	return ok("inodes-system", fmt.Sprintf("%s free, %s needed", Count(got.inodes), Count(need)))
}
