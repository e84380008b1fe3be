package transfer

import (
	"maps"
	"slices"
	"strings"
)

// contents counts what an archive holds per top folder, such as accounts/avatars.
type contents struct {
	folders map[string]*Folder
	// repeated holds the names that may stand in the archive twice.
	repeated map[string]bool
}

func newContents() *contents {
	return &contents{folders: map[string]*Folder{}, repeated: map[string]bool{}}
}

// add counts one file; again says that an earlier entry may have had its name.
func (c *contents) add(e entry, again bool) {
	name := topFolder(e.name)
	one := c.folders[name]
	if one == nil {
		one = &Folder{Name: name}
		c.folders[name] = one
	}
	one.Files++
	one.Bytes += e.size
	if again {
		one.Repeated++
		one.RepeatedBytes += e.size
		c.repeated[e.name] = true
	}
}

func (c *contents) sorted() []Folder {
	var list []Folder
	for _, name := range slices.Sorted(maps.Keys(c.folders)) {
		list = append(list, *c.folders[name])
	}
	return list
}

// topFolder is the first two folders of a name, or fewer if there are fewer.
func topFolder(name string) string {
	parts := strings.SplitN(name, "/", 3)
	switch len(parts) {
	case 1:
		return "."
	case 2:
		return parts[0]
	}
	return parts[0] + "/" + parts[1]
}
