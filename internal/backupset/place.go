package backupset

import (
	"bytes"
	"slices"
	"unicode"
	"unicode/utf8"
)

// top is a folder of public/system, and the folders in it.
type top struct {
	name string
	has  []string
}

var tops = topsByName(
	top{"accounts", []string{"avatars", "headers"}},
	top{"media_attachments", []string{"files", "thumbnails"}},
	top{"site_uploads", []string{"files"}},
	top{"custom_emojis", []string{"images"}},
	top{"cache", []string{"accounts", "media_attachments", "custom_emojis", "preview_cards", "preview_card_providers"}},
	top{"preview_cards", []string{"images"}},
	top{"preview_card_providers", []string{"icons"}},
	top{"backups", []string{"dumps"}},
	top{"imports", []string{"data"}},
)

func topsByName(all ...top) map[string]top {
	m := make(map[string]top)
	for _, t := range all {
		m[t.name] = t
	}
	return m
}

// locate parts a member's path: what stands before the folder that names its class, and that
// folder's name. Some archives begin inside that folder ("avatars/109/…" for accounts): then it is
// the archive's own class, and bare. ok is false for a path that is in none of Mastodon's folders.
func locate(path []byte, class Class) (prefix int, name string, bare, ok bool) {
	if class == Assets {
		prefix, ok = component(path, string(Assets))
		return prefix, string(Assets), false, ok
	}
	if i := bytes.Index(path, []byte("public/system/")); i == 0 || i > 0 && path[i-1] == '/' {
		prefix = i + len("public/system/")
		first, _ := cut(path[prefix:])
		t, known := tops[string(first)]
		return prefix, t.name, false, known
	}
	for at := 0; at < len(path); {
		first, rest := cut(path[at:])
		if t, known := tops[string(first)]; known {
			second, _ := cut(rest)
			if len(rest) == 0 || slices.Contains(t.has, string(second)) {
				return at, t.name, false, true
			}
		}
		at = len(path) - len(rest)
	}
	if first, _ := cut(path); slices.Contains(tops[string(class)].has, string(first)) {
		return 0, string(class), true, true
	}
	return 0, "", false, false
}

// component finds a folder by its name.
func component(path []byte, want string) (at int, ok bool) {
	for at < len(path) {
		first, rest := cut(path[at:])
		if string(first) == want {
			return at, true
		}
		at = len(path) - len(rest)
	}
	return 0, false
}

// cut takes the first component off a path.
func cut(path []byte) (first, rest []byte) {
	if i := bytes.IndexByte(path, '/'); i >= 0 {
		return path[:i], path[i+1:]
	}
	return path, nil
}

// The ways a member's name can be unfit.
const (
	nameFine = iota
	nameEmpty
	nameAbsolute
	nameParent
	nameInvalid
	nameLong
)

// Linux takes 255 bytes in a component, and 4096 in a path with its zero byte.
const (
	longestComponent = 255
	longestPath      = 4095
)

// judgeName looks at a member's path, its last slash and leading "./" taken off.
func judgeName(path []byte) int {
	switch {
	case len(path) == 0:
		return nameEmpty
	case path[0] == '/':
		return nameAbsolute
	case len(path) > longestPath:
		return nameLong
	}
	for rest := path; len(rest) > 0; {
		var first []byte
		first, rest = cut(rest)
		switch {
		case string(first) == "..":
			return nameParent
		case len(first) > longestComponent:
			return nameLong
		}
	}
	if !utf8.Valid(path) || bytes.ContainsFunc(path, unicode.IsControl) {
		return nameInvalid
	}
	return nameFine
}

// plain takes the leading "./" and the last slash off a path.
func plain(path []byte) []byte {
	for bytes.HasPrefix(path, []byte("./")) {
		path = bytes.TrimLeft(path[2:], "/")
	}
	if path = bytes.TrimRight(path, "/"); string(path) == "." {
		return nil
	}
	return path
}

// leaves says whether a link may lead out of the folder that the archive's prefix is. A symbolic
// link's ".." can leave it by way of another link even where it seems to stay inside.
func leaves(path, target []byte, prefix int, hard bool) bool {
	if len(target) == 0 || target[0] == '/' || bytes.IndexByte(target, 0) >= 0 || judgeName(plain(target)) == nameParent {
		return true
	}
	// A hard link names another member, a symbolic one starts beside itself.
	return hard && !bytes.HasPrefix(plain(target), path[:prefix])
}
