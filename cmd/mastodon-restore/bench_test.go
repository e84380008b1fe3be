package main

import (
	"os"
	"os/exec"
	"testing"
)

// What nobody waits for: a process that starts and ends.
func BenchmarkVersion(b *testing.B) { benchmark(b, "version") }

func BenchmarkHelp(b *testing.B) { benchmark(b, "--help") }

func benchmark(b *testing.B, args ...string) {
	exe, err := os.Executable()
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		cmd := exec.Command(exe, args...)
		cmd.Env = append(os.Environ(), asProgram+"=1")
		if out, err := cmd.CombinedOutput(); err != nil {
			b.Fatalf("%v: %s", err, out)
		}
	}
}
