package restore

import (
	"fmt"
	"slices"

	"mastodon-restore/workflow"
)

// Flags are the answers given on the command line.
type Flags struct {
	Confirm string
	Accept  []string
	// Headless goes on from a preflight that does not block, and leaves a failure as it is: nobody
	// is there to look.
	Headless bool
}

// Answers answers the questions that flags are the twins of; see [workflow.Presets].
func (f Flags) Answers(q workflow.Question) (workflow.Answer, bool, error) {
	switch {
	case q.ID == "preflight" && f.Headless:
		return workflow.Answer{Option: "go", Accept: f.Accept}, true, nil
	case q.ID == "preflight" && len(f.Accept) > 0 && !accepted(q.Checks, f.Accept):
		return workflow.Answer{Option: "accept", Accept: f.Accept}, true, nil
	case q.ID == "consent" && f.Confirm != "":
		if f.Confirm != q.Expect {
			return workflow.Answer{}, true, usage(fmt.Sprintf("--confirm says %q, but the server is %s", f.Confirm, q.Expect), "check the context and the namespace; to restore this server, pass --confirm "+q.Expect)
		}
		return workflow.Answer{Option: "go", Text: f.Confirm}, true, nil
	}
	return workflow.Answer{}, false, nil
}

// accepted says whether all of the named checks that can be accepted are.
func accepted(results []workflow.Check, ids []string) bool {
	return !slices.ContainsFunc(results, func(c workflow.Check) bool {
		return slices.Contains(ids, c.ID) && !c.Accepted && (!c.Firm || c.Severity != workflow.SeverityBlocks)
	})
}
