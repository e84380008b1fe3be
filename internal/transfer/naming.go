package transfer

import (
	"archive/tar"
	"path"
	"slices"
	"strings"
)

// classes are the folders of public/system, with what stands in each. They tell where the tree
// begins in an archive whose names have another root.
var classes = map[string][]string{
	"accounts":          {"avatars", "headers"},
	"media_attachments": {"files", "thumbnails"},
	"site_uploads":      {"files"},
	"custom_emojis":     {"images"},
	"preview_cards":     {"images"},
	"imports":           {"data"},
	"backups":           {"dumps"},
	"cache":             {"accounts", "media_attachments", "custom_emojis", "preview_cards"},
}

const maxName = 255

// naming maps an archive's names to names below the destination. The first name that shows where
// public/system begins decides; every later one must agree.
type naming struct {
	file    string
	class   string
	decided bool
	// prefix is cut off, add put in front.
	prefix []string
	add    string
}

// check maps and judges one entry. An empty name means that there is nothing to send for it: a
// folder above the destination, or an entry that only describes others.
func (n *naming) check(h *tar.Header) (entry, error) {
	e := entry{size: h.Size, time: h.ModTime}
	switch h.Typeflag {
	case tar.TypeReg, tar.TypeGNUSparse, tar.TypeCont:
		e.kind = regular
	case tar.TypeDir:
		e.kind = directory
	case tar.TypeLink:
		e.kind = hardLink
	case tar.TypeSymlink:
		e.kind = symLink
	case tar.TypeXGlobalHeader:
		return entry{}, nil
	default:
		return entry{}, n.unsafe(h.Name, "it is a device, a pipe or something else that is no file")
	}
	name, err := n.place(h.Name, e.kind == directory)
	if err != nil || name == "" {
		return entry{}, err
	}
	e.name = name
	switch e.kind {
	case hardLink:
		if e.link, err = n.place(h.Linkname, false); err != nil {
			err = n.unsafe(h.Name, "it is a link to "+h.Linkname+", which lies elsewhere")
		}
	case symLink:
		e.link, err = h.Linkname, n.checkLink(h.Name, h.Linkname)
	}
	return e, err
}

// checkLink accepts a symbolic link that can only lead further down. A target with ".." can leave
// the tree through another link even where it seems to stay inside.
func (n *naming) checkLink(name, target string) error {
	switch {
	case target == "" || strings.ContainsRune(target, 0):
		return n.unsafe(name, "it is a link to nowhere")
	case strings.HasPrefix(target, "/"):
		return n.unsafe(name, "it is a link to the absolute path "+target)
	case slices.Contains(strings.Split(target, "/"), ".."):
		return n.unsafe(name, "it is a link that may leave the tree, to "+target)
	}
	return nil
}

// place maps a name to one below the destination; empty for a folder that lies above it.
func (n *naming) place(name string, dir bool) (string, error) {
	parts, err := n.split(name)
	if err != nil {
		return "", err
	}
	if !n.decided {
		if !n.decide(parts) {
			if dir {
				return "", nil
			}
			return "", n.unsafe(name, "nothing in its name says where below public/system it belongs")
		}
	}
	if len(parts) < len(n.prefix) || !slices.Equal(parts[:len(n.prefix)], n.prefix) {
		if dir && len(parts) < len(n.prefix) && slices.Equal(parts, n.prefix[:len(parts)]) {
			return "", nil
		}
		return "", n.unsafe(name, "it lies outside "+strings.Join(n.prefix, "/"))
	}
	if strings.HasPrefix(name, "/") && len(n.prefix) == 0 {
		return "", n.unsafe(name, "its path is absolute")
	}
	rest := parts[len(n.prefix):]
	if len(rest) == 0 {
		if dir {
			return "", nil
		}
		return "", n.unsafe(name, "it stands where a folder should be")
	}
	return path.Join(n.add, strings.Join(rest, "/")), nil
}

func (n *naming) split(name string) ([]string, error) {
	if strings.ContainsRune(name, 0) {
		return nil, n.unsafe(name, "its name holds a zero byte")
	}
	var parts []string
	for part := range strings.SplitSeq(name, "/") {
		switch {
		case part == "" || part == ".":
		case part == "..":
			return nil, n.unsafe(name, "its name climbs out with \"..\"")
		case len(part) > maxName:
			return nil, n.unsafe(name, "its name is longer than a file system takes")
		default:
			parts = append(parts, part)
		}
	}
	return parts, nil
}

// decide looks for the place where public/system begins.
func (n *naming) decide(parts []string) bool {
	if prefix, add, ok := n.find(parts); ok {
		n.decided, n.prefix, n.add = true, parts[:prefix], add
	}
	return n.decided
}

func (n *naming) find(parts []string) (prefix int, add string, ok bool) {
	for i := range len(parts) - 1 {
		if parts[i] == "public" && parts[i+1] == "system" {
			return i + 2, "", true
		}
	}
	if len(parts) == 0 {
		return 0, "", false
	}
	first := parts[0]
	if first != n.class && slices.Contains(classes[n.class], first) {
		return 0, n.class, true
	}
	if _, known := classes[first]; known {
		return 0, "", true
	}
	if first == "system" {
		return 1, "", true
	}
	for i := range len(parts) - 1 {
		if slices.Contains(classes[parts[i]], parts[i+1]) {
			return i, "", true
		}
	}
	return 0, "", false
}

func (n *naming) unsafe(name, reason string) error {
	return &UnsafeError{File: n.file, Entry: name, Reason: reason}
}
