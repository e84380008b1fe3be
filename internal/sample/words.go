package sample

import (
	"math/rand/v2"
	"strings"
)

var (
	names  = strings.Fields("ada bela chidi dara emre fatou gita hana ines juno kofi lena mira nils odalys pavel quinn rosa sami tove uma vito wanja xenia yuki zora")
	nouns  = strings.Fields("harbour tram lighthouse garden kettle bicycle library owl compost radio mushroom ferry bakery lantern orchard quilt sourdough terminal heron fjord")
	verbs  = strings.Fields("found painted missed repaired photographed planted debugged borrowed carried watched heard described")
	hosts  = strings.Fields("tuesday.example mossy.example chaos.example birdsite.example kitchen.example lyrical.example northern.example tinkers.example orbit.example plankton.example")
	tags   = strings.Fields("caturday introduction mosstodon bread fediverse trains gardening birds Photography OpenSource nowplaying bikes knitting rain books maps")
	tongue = strings.Fields("en de fi fr pt ja")
)

func pick[T any](r *rand.Rand, from []T) T { return from[r.IntN(len(from))] }

// awkward is what makes a naive reader of dumps stumble.
var awkward = []string{
	"a tab\tand a\nnew line", `a back\slash and \N and \.`, "snow \u2603 and fox \U0001F98A and caf\u00e9", `"quoted" 'single' $$dollars$$ -- no comment;`,
	"\r\nleading and trailing ", "right to left \u05e9\u05dc\u05d5\u05dd and \u4f60\u597d",
}

func sentence(r *rand.Rand) string {
	var b strings.Builder
	b.WriteString("<p>")
	for i := range 1 + r.IntN(4) {
		if i > 0 {
			b.WriteByte(' ')
		}
		b.WriteString("I " + pick(r, verbs) + " a " + pick(r, nouns) + " by the " + pick(r, nouns) + ".")
	}
	if r.IntN(9) == 0 {
		b.WriteString(" " + pick(r, awkward))
	}
	b.WriteString("</p>")
	return b.String()
}

// visibilities are those of posts: public, unlisted, followers only, direct; most are public.
var visibilities = []int{0, 0, 0, 0, 1, 2, 3}
