//go:build unix

package pgserver

import (
	"errors"
	"os"
	"os/exec"
	"os/user"
	"strconv"
	"syscall"
)

// owner is whom the server runs as; the zero value is whoever runs this process.
type owner struct {
	uid, gid int
	switched bool
}

func servant() (owner, error) {
	if os.Getuid() != 0 {
		return owner{}, nil
	}
	u, err := user.Lookup("postgres")
	if err != nil {
		var e error
		if u, e = user.Lookup("nobody"); e != nil {
			return owner{}, errors.Join(err, e)
		}
	}
	uid, err := strconv.Atoi(u.Uid)
	if err != nil {
		return owner{}, err
	}
	gid, err := strconv.Atoi(u.Gid)
	return owner{uid: uid, gid: gid, switched: true}, err
}

func (o owner) own(dir string) error {
	if !o.switched {
		return nil
	}
	return os.Chown(dir, o.uid, o.gid)
}

// become also gives the command a process group of its own: ctrl+c in a terminal is not for it.
func (o owner) become(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if o.switched {
		cmd.SysProcAttr.Credential = &syscall.Credential{Uid: uint32(o.uid), Gid: uint32(o.gid)}
	}
}
