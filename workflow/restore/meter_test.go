package restore

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"mastodon-restore/workflow"
)

func TestTheFirstErrorIsToldAndExplained(t *testing.T) {
	var first firstError
	for _, line := range []string{
		"pg_restore: creating INDEX \"public.index_tags_on_name_lower_btree\"",
		"pg_restore: error: could not execute query: ERROR:  could not create unique index \"index_tags_on_name_lower_btree\"",
		"DETAIL:  Key (lower(name::text))=(caturday) is duplicated.",
		"Command was: CREATE UNIQUE INDEX index_tags_on_name_lower_btree ON public.tags USING btree (lower((name)::text));",
		"pg_restore: error: a worker process died unexpectedly",
	} {
		first.look(line)
	}
	card := first.explain(workflow.Fail(errors.New("exit code 1"), "database"))
	require.Contains(t, card.First, "could not create unique index")
	require.Contains(t, card.First, "(caturday) is duplicated")
	require.NotContains(t, card.First, "worker process", "later errors follow from the first")
	require.Contains(t, card.Meaning, "index_tags_on_name_lower_btree can't be built")
	require.Contains(t, card.Meaning, "fix-duplicates")
	require.Len(t, card.Evidence, 5)
}
