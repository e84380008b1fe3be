package pgdump_test

import (
	"bytes"
	"context"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"mastodon-restore/internal/pgdump"
)

func TestALoopMayEndEarlyAndBeginAgain(t *testing.T) {
	dump := table(t, pgdump.Gzip, "a", strings.Repeat("row\n", 500_000)+"\\.\n\n\n")
	a, err := open(dump)
	require.NoError(t, err)
	for range 3 {
		for block, err := range a.Data(t.Context()) {
			require.NoError(t, err)
			rows, err := block.Rows("a")
			require.NoError(t, err)
			require.True(t, rows.Next())
			break
		}
	}
	rows, err := a.Verify(t.Context())
	require.NoError(t, err)
	require.EqualValues(t, 500_000, rows[7])
	require.EqualValues(t, len(dump), a.Offset())
}

func TestAStreamIsReadOnce(t *testing.T) {
	a, err := stream(testdata(t, "pg15-gzip-pipe.dump"))
	require.NoError(t, err)
	_, err = a.Verify(t.Context())
	require.NoError(t, err)
	_, err = a.Verify(t.Context())
	require.ErrorIs(t, err, pgdump.ErrUsed)
}

func TestCancellingEndsTheLoopWithItsError(t *testing.T) {
	dump := table(t, pgdump.Gzip, "a", strings.Repeat("row\n", 500_000)+"\\.\n\n\n")
	a, err := open(dump)
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var last error
	for block, err := range a.Data(ctx) {
		if last = err; err != nil {
			break
		}
		rows, err := block.Rows("a")
		require.NoError(t, err)
		require.True(t, rows.Next())
		cancel()
		for rows.Next() {
		}
		require.ErrorIs(t, rows.Err(), context.Canceled)
	}
	require.ErrorIs(t, last, context.Canceled)

	_, err = a.Verify(ctx)
	require.ErrorIs(t, err, context.Canceled)
}

func TestABlockReadInPartIsFinishedAndCounted(t *testing.T) {
	for _, c := range all {
		a, err := open(table(t, c, "a", strings.Repeat("row\n", 300_000)+"\\.\n\n\n"))
		require.NoError(t, err)
		for block, err := range a.Data(t.Context()) {
			require.NoError(t, err)
			var three [12]byte
			_, err := io.ReadFull(block, three[:])
			require.NoError(t, err)
			require.Equal(t, "row\nrow\nrow\n", string(three[:]))
			n, err := block.CountRows()
			require.NoError(t, err)
			require.EqualValues(t, 300_000, n)
			rest, err := io.ReadAll(block)
			require.NoError(t, err)
			require.Empty(t, rest)
		}
	}
}

func TestDamageFoundInTheBodyEndsTheLoopToo(t *testing.T) {
	dump := table(t, pgdump.None, "a", "row\n")
	a, err := open(dump)
	require.NoError(t, err)
	var seen []error
	for block, err := range a.Data(t.Context()) {
		if err == nil {
			_, err = io.Copy(&bytes.Buffer{}, block)
		}
		seen = append(seen, err)
	}
	require.Len(t, seen, 2)
	var damage *pgdump.DamageError
	require.ErrorAs(t, seen[0], &damage)
	require.ErrorAs(t, seen[1], &damage)
}
