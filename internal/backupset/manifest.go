package backupset

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"mastodon-restore/internal/mastodon"
)

// ManifestName is the file that [Set.WriteManifest] writes.
const ManifestName = "manifest.json"

// largestManifest is a hundred times what one takes.
const largestManifest = 1 << 20

// manifest is what a set was when it was found whole.
type manifest struct {
	Format  int             `json:"format"` // 1
	Written time.Time       `json:"written"`
	Digest  string          `json:"digest"`
	Parts   []manifestPart  `json:"parts"`
	Counts  mastodon.Counts `json:"counts"`
}

type manifestPart struct {
	Class  Class  `json:"class"`
	Name   string `json:"name"`
	Size   int64  `json:"size"`
	SHA256 string `json:"sha256"`
	Files  int64  `json:"files,omitempty"`
	Bytes  int64  `json:"bytes,omitempty"`
}

// WriteManifest writes manifest.json into the set's folder: sizes, digests and counts, so that a
// later reading can tell whether a byte has changed since. A damaged set gets none.
func (s *Set) WriteManifest(r *Report) error {
	if r.Verdict == Damaged || r.Digest == "" {
		return errors.New("write the manifest: the set is damaged, and a manifest would vouch for it")
	}
	m := manifest{Format: 1, Written: r.Read, Digest: r.Digest}
	if r.Database != nil {
		m.Counts = r.Database.Counts
	}
	for _, p := range r.Parts {
		if p.SHA256 == "" {
			continue
		}
		part := manifestPart{Class: p.Class, Name: p.Name, Size: p.Size, SHA256: p.SHA256}
		if p.Archive != nil {
			part.Files, part.Bytes = p.Archive.Files, p.Archive.Bytes
		}
		m.Parts = append(m.Parts, part)
	}
	text, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return fmt.Errorf("write the manifest: %w", err)
	}
	if err := replace(filepath.Join(s.Dir, ManifestName), append(text, '\n')); err != nil {
		return fmt.Errorf("write the manifest: %w", err)
	}
	return nil
}

// replace writes a file that is there whole or not at all.
func replace(path string, text []byte) (err error) {
	f, err := os.CreateTemp(filepath.Dir(path), ".manifest-*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = f.Close()
			_ = os.Remove(f.Name())
		}
	}()
	if _, err := f.Write(text); err != nil {
		return err
	}
	if err := f.Chmod(0o644); err != nil {
		return err
	}
	if err := f.Sync(); err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}

// readManifest returns nil without an error when there is none.
func readManifest(dir string) (*manifest, error) {
	f, size, err := openFile(filepath.Join(dir, ManifestName))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if size > largestManifest {
		return nil, fmt.Errorf("it is larger than %d MiB", largestManifest>>20)
	}
	text, err := io.ReadAll(io.LimitReader(f, largestManifest))
	if err != nil {
		return nil, err
	}
	var m manifest
	if err := json.NewDecoder(bytes.NewReader(text)).Decode(&m); err != nil {
		return nil, fmt.Errorf("it is no JSON of ours: %w", err)
	}
	if m.Format != 1 {
		return nil, fmt.Errorf("its format is %d, and only 1 is known here", m.Format)
	}
	return &m, nil
}

// manifest compares the parts with what they were.
func (j *judgement) manifest(dir string) {
	m, err := readManifest(dir)
	if err != nil {
		j.find("manifest-unreadable", "", "%s can't be read: %s", ManifestName, legible(err.Error()))
		return
	}
	if m == nil {
		return
	}
	agrees, listed := true, map[string]bool{}
	for _, was := range m.Parts {
		listed[was.Name] = true
		agrees = j.compare(was) && agrees
	}
	for _, c := range Classes() {
		if p := j.readings[c]; !p.part.Missing && !listed[p.part.Name] {
			j.find("manifest-new", c, "%s is not in the manifest of %s", p.part.Name, m.Written.Format("2006-01-02 15:04"))
		}
	}
	if agrees {
		j.find("manifest-agrees", "", "%s are as the manifest of %s has them", plural(int64(len(m.Parts)), "file"), m.Written.Format("2006-01-02 15:04"))
	}
}

// compare compares one part; true if it is as it was.
func (j *judgement) compare(was manifestPart) bool {
	p := j.readings[was.Class]
	switch {
	case p == nil || p.part.Missing || p.part.Name != was.Name:
		class := was.Class
		if p == nil {
			class = ""
		}
		j.find("manifest-lost", class, "%s is gone, which the manifest lists with %s bytes", legible(was.Name), thousands(was.Size))
	case p.part.Size != was.Size:
		j.find("manifest-differs", was.Class, "%s has %s bytes, and had %s when the manifest was written", p.part.Name, thousands(p.part.Size), thousands(was.Size))
	case p.report.SHA256 != was.SHA256 && p.report.SHA256 != "":
		j.find("manifest-differs", was.Class, "%s has as many bytes as when the manifest was written, but not the same ones", p.part.Name)
	case p.report.SHA256 != "":
		return true
	}
	return false
}
