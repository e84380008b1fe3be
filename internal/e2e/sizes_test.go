//go:build e2e

package e2e

import (
	"math/rand/v2"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"mastodon-restore/internal/sample"
)

// large is a server whose files and database each take more than ten seconds to restore, so that
// there is time for something to happen meanwhile.
func large(t testing.TB) sample.Size {
	t.Helper()
	scale := number(t, "E2E_SCALE", 1)
	s := sample.Small
	s.LocalStatuses = 5_000 * scale
	s.RemoteAccounts = 3_000 * scale
	s.RemoteStatuses = 200_000 * scale
	s.LocalAttachments = 6_000 * scale
	s.FileBytes = 100_000
	return s
}

// middling is a server whose restore has seconds, not moments, in each of its steps.
func middling() sample.Size {
	s := sample.Small
	s.LocalStatuses = 2_000
	s.RemoteAccounts = 300
	s.RemoteStatuses = 20_000
	s.LocalAttachments = 1_000
	return s
}

// number reads a setting of the tests from the environment.
func number(t testing.TB, name string, unless int) int {
	t.Helper()
	text := os.Getenv(name)
	if text == "" {
		return unless
	}
	n, err := strconv.Atoi(text)
	require.NoError(t, err, name)
	return n
}

// chance is what a test leaves to chance; the seed is printed, so that it can be had again.
func chance(t testing.TB) *rand.Rand {
	t.Helper()
	seed := number(t, "E2E_SEED", int(time.Now().UnixNano()&0xffffff))
	t.Logf("E2E_SEED=%d repeats this", seed)
	return rand.New(rand.NewPCG(uint64(seed), 1))
}
