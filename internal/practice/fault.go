package practice

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// Fault is something that can go wrong once, to be practised.
type Fault struct {
	Name  string
	Means string // in words, for a person who chooses

	// strike is what happens when half of the files are in that go in while the server is closed.
	// Its error is how the stream ends that brought them. May be nil.
	strike func(*Cluster, *process) error
	// lasts says that it happens again to every stream, until the run is resumed.
	lasts bool
	// begin is what happens to a utility pod that is made. May be nil.
	begin func(*pod)
}

const (
	diskFull   = "disk-full"
	slowVolume = "slow-volume"
	slowBytes  = 80 << 10 // a second
)

// errCut ends a stream without an error: the far side seems to have finished, and has not.
var errCut = errors.New("cut")

// Faults lists what can be asked for.
func Faults() []Fault {
	return []Fault{
		{Name: "stream-cut", Means: "half way through the files, every stream ends as if all were well, until the run is resumed",
			strike: func(*Cluster, *process) error { return errCut }, lasts: true},
		{Name: "node-lost", Means: "half way through the files, the utility pod's node dies, and the pod with it",
			strike: loseNode},
		{Name: diskFull, Means: "half way through the files the volume is full, until the run is resumed",
			strike: func(c *Cluster, _ *process) error { return os.WriteFile(c.full(), nil, 0o644) }},
		{Name: "image-pull", Means: "the utility pod's image can't be pulled, until the run is resumed",
			begin: func(p *pod) {
				p.Stuck = "container mastodon: ImagePullBackOff: the registry does not answer. Wait for it, or stop and resume the run later"
			}},
		{Name: slowVolume, Means: "the volume takes 80 KB a second, until the run is resumed"},
	}
}

// misfortune is the fault of this cluster. It is in the state: a fault that has struck does not
// strike the run that is resumed.
type misfortune struct {
	Name   string `json:"name"`
	After  int64  `json:"after,omitempty"` // bytes
	Struck bool   `json:"struck"`
}

// faultNamed finds a fault. None has no name.
func faultNamed(name string) (*Fault, error) {
	if name == "" {
		return nil, nil
	}
	var names []string
	for _, f := range Faults() {
		if f.Name == name {
			return &f, nil
		}
		names = append(names, f.Name)
	}
	return nil, fmt.Errorf("there is no fault %q to practise; there are %s", name, strings.Join(names, ", "))
}

// past is called when a stream into a utility pod has brought n more bytes. It says how the stream
// ends if the fault strikes now.
func (c *Cluster) past(p *process, n int) error {
	if c.fault == nil || c.fault.strike == nil {
		return nil
	}
	if c.striking.Load() {
		return c.fault.strike(c, p)
	}
	if c.struck.Load() || c.seen.Add(int64(n)) < c.after || !c.struck.CompareAndSwap(false, true) {
		return nil
	}
	err := c.store.change(func(st *state) error {
		st.Fault.Struck = true
		return nil
	})
	if err != nil {
		return err
	}
	c.striking.Store(c.fault.lasts)
	return c.fault.strike(c, p)
}

// loseNode takes the pod away without a farewell.
func loseNode(c *Cluster, p *process) error {
	lost := fmt.Errorf("error dialing backend: node %s: connect: no route to host", nodes[0])
	if err := c.delete(p.pod, 0, lost); err != nil {
		return err
	}
	return lost
}

// mend is what has been seen to by the time a run is resumed.
func (st *state) mend() {
	for _, p := range st.Pods {
		p.Stuck = ""
	}
	if st.Fault != nil && st.Fault.Name == slowVolume {
		st.Fault.Struck = true
	}
}

// full is the file that stands for a full volume: where it is, the pods' tar can't write.
func (c *Cluster) full() string { return fullOf(c.dir) }

func fullOf(dir string) string { return filepath.Join(dir, "full") }
