package workflow

import "context"

// Operator answers the run's questions: a person at a screen, a prompt, or flags.
type Operator interface {
	// Ask returns the answer to q, or an error wrapping [ErrNoAnswer] when nobody can give one.
	Ask(ctx context.Context, q Question) (Answer, error)
}

// Kind is the shape of a question, and so of the screen that shows it.
type Kind string

const (
	// KindChoose is a table with one row to take.
	KindChoose Kind = "choose"
	// KindReview is a list of checks to look through.
	KindReview Kind = "review"
	// KindConsent is a forecast, and a text to type before anything changes.
	KindConsent Kind = "consent"
	// KindDecide is a failure card with numbered actions.
	KindDecide Kind = "decide"
)

// Question is everything a face needs to ask. Its ID is stable; asking again with the same ID
// replaces what stands there (a table that is still being read).
type Question struct {
	ID    string `json:"id"`
	Kind  Kind   `json:"kind"`
	Title string `json:"title"`
	// Hint stands beside the title: where the choices came from.
	Hint string `json:"hint,omitempty"`
	// Flag is the command line that would have answered, such as "--set DIR".
	Flag string `json:"flag,omitempty"`
	// Columns head the cells of the options of a [KindChoose] question.
	Columns []string `json:"columns,omitempty"`
	Options []Option `json:"options,omitempty"`
	// Default is the ID of the option that is safe to take without thinking; may be empty.
	Default string `json:"default,omitempty"`
	// Expect is what must be typed to consent, for [KindConsent].
	Expect   string    `json:"expect,omitempty"`
	Checks   []Check   `json:"checks,omitempty"`
	Forecast *Forecast `json:"forecast,omitempty"`
	Failure  *Failure  `json:"failure,omitempty"`
	// Updating says that the contents are still being gathered and will be asked anew.
	Updating bool `json:"updating,omitempty"`
}

// Option is one possible answer.
type Option struct {
	ID string `json:"id"`
	// Key is a single key that takes the option, such as "r"; empty means by row or number.
	Key   string `json:"key,omitempty"`
	Label string `json:"label"`
	// Cells stand under the question's columns.
	Cells []string `json:"cells,omitempty"`
	// Card describes the option in more detail, line by line.
	Card []Field `json:"card,omitempty"`
	// Unavailable says why this option can't be taken now; empty means it can.
	Unavailable string `json:"unavailable,omitempty"`
}

// Field is one line of a card.
type Field struct {
	Name  string `json:"name"`
	Value string `json:"value"`
	// Level marks a line that needs attention.
	Level Severity `json:"level,omitempty"`
}

// Answer is what the operator said.
type Answer struct {
	Question string `json:"question"`
	// Option is the ID of the option taken.
	Option string `json:"option,omitempty"`
	// Text is what was typed, for [KindConsent].
	Text string `json:"text,omitempty"`
	// Accept lists the checks the operator accepts, for [KindReview].
	Accept []string `json:"accept,omitempty"`
}

// Severity grades a check, a card's line or a log line.
type Severity string

// The severities, the least first.
const (
	SeverityOK     Severity = "ok"
	SeverityInfo   Severity = "info"
	SeverityWarns  Severity = "warns"
	SeverityBlocks Severity = "blocks"
)

// Check is one thing looked at before anything changes.
type Check struct {
	ID       string   `json:"id"`
	Severity Severity `json:"severity"`
	// Evidence is what was seen; Fix is what to do about it.
	Evidence string `json:"evidence"`
	Meaning  string `json:"meaning,omitempty"`
	Fix      string `json:"fix,omitempty"`
	// Firm says that a check that blocks can't be accepted: the restore could not go on.
	Firm bool `json:"firm,omitempty"`
	// Accepted says that the operator took this one upon themselves, by its ID.
	Accepted bool `json:"accepted,omitempty"`
}

// Forecast is what the plan will do, before it is consented to.
type Forecast struct {
	Steps []ForecastStep `json:"steps"`
	// Closed and Total say how long the server is closed and all takes, as ranges in words.
	Closed string `json:"closed"`
	Total  string `json:"total"`
	// Replaced, Kept and Undo say what will be destroyed, what stays and how to go back.
	Replaced string `json:"replaced"`
	Kept     string `json:"kept"`
	Undo     string `json:"undo"`
	// Notes are further lines that matter, such as scheduled posts that will be published.
	Notes []string `json:"notes,omitempty"`
}

// ForecastStep is one line of a forecast.
type ForecastStep struct {
	Text  string `json:"text"`
	About string `json:"about,omitempty"`
}
