// Package workflow runs a plan of steps that changes the world, says what it does while it does
// it, and can be cut off anywhere and resumed.
//
// It knows nobody: no Kubernetes, no Mastodon, no screen; the standard library only.
//
// # One step's life
//
//	pending      not reached yet
//	checking     Needed and Done are asked: must anything happen at all?
//	  skipped      not needed for this run, with the reason
//	  satisfied    the world is already as the step would leave it
//	asking       the operator has a question before them
//	  declined     the operator said no; the run ends, the world is as before the step
//	running      Holds was true, Run is at work
//	verifying    Run has returned; Done is asked whether the world agrees
//	  completed    over
//	  failed       stopped, with a card; a retry goes back to checking
//	  interrupted  cut off; found in a journal whose step began and never ended
//
// # Truth
//
// Durable events are in the journal (fsync) before anybody sees them. [Snapshot.Apply] folds
// events into what a face draws; resume, status, the wizard, plain text and JSON all use that one
// fold. The journal says which steps are over; Done says what became of the interrupted one;
// Holds re-checks what must still be true before a step that could do harm.
//
// # Concurrency
//
// One goroutine executes a run. A [Task]'s reporting methods may be called from several.
// Readers get copies from a [Feed]: a slow one misses frames, never facts, and never makes the
// run wait.
package workflow
