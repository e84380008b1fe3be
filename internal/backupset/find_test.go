package backupset

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"
)

func TestTenThousand(t *testing.T) {
	set := realSet(t)
	dir := t.TempDir()
	b := time.Now()
	for i := range 10000 {
		d := filepath.Join(dir, fmt.Sprint(i))
		os.Mkdir(d, 0o755)
		os.WriteFile(filepath.Join(d, Dump.Names()[0]), set[Dump.Names()[0]][:200000], 0o644)
		os.WriteFile(filepath.Join(d, Env.Names()[0]), set[Env.Names()[0]], 0o644)
	}
	fmt.Println("made", time.Since(b))
	b = time.Now()
	sets, err := Find(dir)
	fmt.Println(len(sets), err, time.Since(b))
}
