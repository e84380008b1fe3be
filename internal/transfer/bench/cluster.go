package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"
)

const manifest = `
apiVersion: v1
kind: Namespace
metadata: {name: %[1]s}
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: fast, namespace: %[1]s}
spec: {accessModes: [ReadWriteMany], storageClassName: %[3]s, resources: {requests: {storage: 1Gi}}}
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: slow, namespace: %[1]s}
spec: {accessModes: [ReadWriteMany], storageClassName: %[4]s, resources: {requests: {storage: 1Gi}}}
---
apiVersion: v1
kind: Pod
metadata: {name: box, namespace: %[1]s}
spec:
  terminationGracePeriodSeconds: 0
  containers:
  - name: box
    image: %[2]s
    command: [sleep, infinity]
    volumeMounts:
    - {name: fast, mountPath: /fast}
    - {name: slow, mountPath: /slow}
  volumes:
  - {name: fast, persistentVolumeClaim: {claimName: fast}}
  - {name: slow, persistentVolumeClaim: {claimName: slow}}
`

func (b *bench) makePod(ctx context.Context) error {
	text := fmt.Sprintf(manifest, b.namespace, b.image, b.class, b.slowClass)
	if err := b.kubectl(ctx, strings.NewReader(text), io.Discard, "apply", "-f", "-"); err != nil {
		return err
	}
	return b.kubectl(ctx, nil, io.Discard, "-n", b.namespace, "wait", "--for=condition=Ready", "pod/box", "--timeout=120s")
}

func (b *bench) deletePod() {
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Minute)
	defer cancel()
	// Emptied first, as a volume of the lab keeps what is in it.
	_ = b.inPod(ctx, "rm -rf /fast/* /slow/*")
	if err := b.kubectl(ctx, nil, io.Discard, "delete", "namespace", b.namespace); err != nil {
		fmt.Fprintln(os.Stderr, "bench: delete namespace:", err)
	}
}

func (b *bench) kubectl(ctx context.Context, in io.Reader, out io.Writer, args ...string) error {
	cmd := exec.CommandContext(ctx, "kubectl", args...)
	var said bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = in, out, &said
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("kubectl %s: %w: %s", strings.Join(args, " "), err, strings.TrimSpace(said.String()))
	}
	return nil
}

func (b *bench) inPod(ctx context.Context, script string) error {
	return b.kubectl(ctx, nil, io.Discard, "-n", b.namespace, "exec", "box", "--", "sh", "-c", script)
}

// feedPod runs a script in the pod with a local file as its input.
func (b *bench) feedPod(ctx context.Context, file, script string) error {
	f, err := os.Open(file)
	if err != nil {
		return err
	}
	defer f.Close()
	return b.kubectl(ctx, f, io.Discard, "-n", b.namespace, "exec", "-i", "box", "--", "sh", "-c", script)
}

// findProcess returns the id of a process of this machine whose command line names it, or 0.
func findProcess(name string) int {
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return 0
	}
	for _, e := range entries {
		pid, err := strconv.Atoi(e.Name())
		if err != nil {
			continue
		}
		line, err := os.ReadFile("/proc/" + e.Name() + "/cmdline")
		if err != nil {
			continue
		}
		args := strings.Split(string(line), "\x00")
		if strings.HasSuffix(args[0], name) || len(args) > 1 && args[1] == name {
			return pid
		}
	}
	return 0
}

// cpuSeconds is what a process has used so far.
func cpuSeconds(pid int) float64 {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0
	}
	fields := strings.Fields(string(b[bytes.LastIndexByte(b, ')')+1:]))
	user, _ := strconv.ParseFloat(fields[11], 64)
	system, _ := strconv.ParseFloat(fields[12], 64)
	const ticks = 100
	return (user + system) / ticks
}
