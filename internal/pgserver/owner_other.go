//go:build !unix

package pgserver

import (
	"errors"
	"os/exec"
)

type owner struct{}

func servant() (owner, error) {
	return owner{}, errors.New("a throw-away PostgreSQL needs Linux, macOS or another Unix")
}

func (owner) own(string) error     { return nil }
func (owner) become(cmd *exec.Cmd) {}
