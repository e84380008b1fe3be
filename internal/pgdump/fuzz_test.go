package pgdump_test

import (
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"mastodon-restore/internal/pgdump"
)

// Whatever the bytes: no panic, no endless loop, the same verdict on a file and on a stream, and on
// counting and on reading all fields; and an error is one of the kinds that are promised.
func FuzzOpen(f *testing.F) {
	for _, name := range dumps(f) {
		f.Add(testdata(f, name+".dump")[:2000]) // header and some contents: a whole one is too slow to mutate
	}
	for _, c := range all {
		f.Add(table(f, c, "a, b", "1\tx\\ty\n2\t\\N\n\\.\n\n\n"))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		rows, counted := verify(t.Context(), b)
		requirePromised(t, counted)
		if a, err := open(b); err == nil {
			for _, e := range withData(a) {
				err := failure(t, a, e)
				requirePromised(t, err)
				_, whole := rows[e.ID]
				require.False(t, err != nil && whole, "%s was counted, and alone: %v", e.Label(), err)
			}
		}

		a, piped := stream(b)
		if piped == nil {
			piped = readFields(t, a)
		}
		requirePromised(t, piped)
		var limit *pgdump.LimitError
		if errors.As(piped, &limit) || piped != nil && strings.Contains(piped.Error(), "a row has ") {
			return // counting checks the fields only in sum
		}
		require.Equal(t, counted == nil, piped == nil, "counted: %v; piped: %v", counted, piped)
	})
}

func requirePromised(t *testing.T, err error) {
	t.Helper()
	var damage *pgdump.DamageError
	var format *pgdump.FormatError
	var version *pgdump.VersionError
	var limit *pgdump.LimitError
	promised := err == nil || errors.As(err, &damage) || errors.As(err, &format) || errors.As(err, &version) || errors.As(err, &limit)
	require.True(t, promised, "%T: %v", err, err)
}

func readFields(t *testing.T, a *pgdump.Archive) error {
	for block, err := range a.Data(t.Context()) {
		if err != nil {
			return err
		}
		rows, err := block.Rows()
		if errors.Is(err, pgdump.ErrNoRows) {
			_, err = io.Copy(io.Discard, block)
			if err != nil {
				return err
			}
			continue
		}
		require.NoError(t, err)
		for rows.Next() {
			for i := range block.Entry.Columns() {
				rows.Field(i)
			}
		}
		if rows.Err() != nil {
			return rows.Err()
		}
	}
	return nil
}
