package backupset

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
)

// ErrNoSet is wrapped by the errors of [Open] and [Find] for a folder without any part of a set.
var ErrNoSet = errors.New("no backup set here")

// finders is how many folders are looked at side by side: on a network drive each takes its time.
const finders = 8

// Find lists the sets in a folder: the folder itself, if it is one, or else its sub-folders, the
// newest dump first. A sub-folder that can't be read is listed with its Problem. Contents and
// version are left to [Open].
func Find(dir string) ([]*Set, error) {
	entries, err := folder(dir)
	if err != nil {
		return nil, fmt.Errorf("find backup sets: %w", err)
	}
	if slices.ContainsFunc(entries, isPart) {
		set := &Set{Dir: dir}
		set.open(context.Background(), entries, false)
		return []*Set{set}, nil
	}
	sets := openAll(dir, entries)
	if len(sets) == 0 {
		return nil, fmt.Errorf("find backup sets in %s: %w, nor in its %s: a set is a folder with %s and other files of the backup script",
			dir, ErrNoSet, plural(int64(len(entries)), "entry"), Dump.Names()[0])
	}
	slices.SortFunc(sets, func(a, b *Set) int {
		if c := b.Created.Compare(a.Created); c != 0 {
			return c
		}
		return strings.Compare(b.Dir, a.Dir) // folders are often named by date
	})
	return sets, nil
}

// openAll opens those of the entries that are sets.
func openAll(dir string, entries []fs.DirEntry) []*Set {
	found := make([]*Set, len(entries))
	next := make(chan int)
	var all sync.WaitGroup
	for range min(finders, len(entries)) {
		all.Go(func() {
			for i := range next {
				found[i] = openEntry(dir, entries[i])
			}
		})
	}
	for i := range entries {
		next <- i
	}
	close(next)
	all.Wait()
	return slices.DeleteFunc(found, func(s *Set) bool { return s == nil })
}

// openEntry is nil for what is no set.
func openEntry(dir string, e fs.DirEntry) *Set {
	set := &Set{Dir: filepath.Join(dir, e.Name())}
	if e.Type()&fs.ModeSymlink != 0 {
		info, err := os.Stat(set.Dir)
		if err != nil {
			return set.failed(err)
		}
		if !info.IsDir() || isSibling(dir, set.Dir) {
			return nil
		}
	} else if !e.IsDir() {
		return nil
	}
	inside, err := folder(set.Dir)
	if err != nil {
		return set.failed(err)
	}
	if !slices.ContainsFunc(inside, isPart) {
		return nil
	}
	set.open(context.Background(), inside, false)
	return set
}

// isSibling says whether a link leads to another entry of its own folder, as "latest" often does:
// that one is listed already.
func isSibling(dir, link string) bool {
	home, err := filepath.EvalSymlinks(dir)
	if err != nil {
		return false
	}
	target, err := filepath.EvalSymlinks(link)
	return err == nil && filepath.Dir(target) == home
}

func (s *Set) failed(err error) *Set {
	s.Problem = err
	s.parts = look(s.Dir, nil)
	return s
}

// Open looks at a folder without reading its files to the end, whatever their size: it takes some
// milliseconds where the disk is quick.
func Open(dir string) (*Set, error) {
	ctx, cancel := context.WithTimeout(context.Background(), glimpse)
	defer cancel()
	entries, err := folder(dir)
	if err != nil {
		return nil, fmt.Errorf("open the backup set: %w", err)
	}
	if !slices.ContainsFunc(entries, isPart) {
		return nil, fmt.Errorf("open the backup set %s: %w: it has neither %s nor any other file of the backup script", dir, ErrNoSet, Dump.Names()[0])
	}
	set := &Set{Dir: dir}
	set.open(ctx, entries, true)
	return set, nil
}

// folder lists a folder, and says what to give instead of a file.
func folder(dir string) ([]fs.DirEntry, error) {
	entries, err := os.ReadDir(dir)
	if err == nil {
		return entries, nil
	}
	if info, e := os.Stat(dir); e == nil && !info.IsDir() {
		return nil, fmt.Errorf("%s is a file; give the folder that it is in: %s", dir, filepath.Dir(dir))
	}
	return nil, err
}

// isPart says whether a folder's entry has the name of a part.
func isPart(e fs.DirEntry) bool {
	return slices.ContainsFunc(Classes(), func(c Class) bool { return slices.Contains(c.Names(), e.Name()) })
}
