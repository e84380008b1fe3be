package pgserver

import (
	"errors"
	"os/exec"
	"path/filepath"
	"strconv"
)

// ErrNotFound means that this machine has no PostgreSQL server to start.
var ErrNotFound = errors.New("no PostgreSQL server on this machine: install it (Debian: apt-get install postgresql), or put initdb and postgres in PATH")

// Find returns the directory of initdb and postgres: the one in PATH, or Debian's newest.
func Find() (string, error) {
	if initdb, err := exec.LookPath("initdb"); err == nil {
		if real, err := filepath.EvalSymlinks(initdb); err == nil {
			return filepath.Dir(real), nil
		}
	}
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	if err != nil {
		return "", err
	}
	best, version := "", 0
	for _, initdb := range found {
		bin := filepath.Dir(initdb)
		if v, err := strconv.Atoi(filepath.Base(filepath.Dir(bin))); err == nil && v > version {
			best, version = bin, v
		}
	}
	if best == "" {
		return "", ErrNotFound
	}
	return best, nil
}
