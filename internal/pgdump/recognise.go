package pgdump

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// sniffed is how much of a file's beginning is looked at to tell what it is.
const sniffed = 64 << 10

// beginnings of files that people take for a dump.
var beginnings = []struct {
	magic  string
	seems  string
	advice string
}{
	{"-- PostgreSQL database cluster dump", "a plain SQL dump of a whole server (pg_dumpall)", "restore it with psql, or dump the one database with pg_dump --format=custom"},
	{"--\n-- PostgreSQL database cluster dump", "a plain SQL dump of a whole server (pg_dumpall)", "restore it with psql, or dump the one database with pg_dump --format=custom"},
	{"--\n-- PostgreSQL database dump", "a plain SQL dump", "restore it with psql, or dump again with pg_dump --format=custom"},
	{"\x1f\x8b", "a gzip file", "gunzip it and look at what is inside"},
	{"\x28\xb5\x2f\xfd", "a zstd file", "decompress it with zstd -d and look at what is inside"},
	{"\x04\x22\x4d\x18", "an lz4 file", "decompress it with lz4 -d and look at what is inside"},
	{"\xfd7zXZ\x00", "an xz file", "decompress it with xz -d and look at what is inside"},
	{"BZh", "a bzip2 file", "decompress it with bzip2 -d and look at what is inside"},
	{"PK\x03\x04", "a zip file", "unzip it and look at what is inside"},
	{"age-encryption.org/v1", "a file encrypted with age", "decrypt it first"},
	{"-----BEGIN", "an encrypted or signed file in text armour", "decrypt it first"},
	{"Salted__", "a file encrypted with openssl", "decrypt it first"},
	{"SQLite format 3\x00", "an SQLite database", "look for the dump elsewhere"},
	{"REDIS", "a Redis dump", "look for the PostgreSQL dump elsewhere"},
}

// recognise says what a file without the magic word seems to be.
func recognise(start []byte) error {
	if len(start) == 0 {
		return &FormatError{"an empty file: pg_dump wrote nothing", "look for an older backup, and for pg_dump's error message where the backup ran"}
	}
	if len(start) < len(magic) && strings.HasPrefix(magic, string(start)) {
		return &FormatError{fmt.Sprintf("the first %d bytes of a dump", len(start)), "the rest was never written; look for an older backup"}
	}
	for _, b := range beginnings {
		if bytes.HasPrefix(start, []byte(b.magic)) {
			return &FormatError{b.seems, b.advice}
		}
	}
	if len(start) > 262 && string(start[257:262]) == "ustar" {
		if bytes.HasPrefix(start, []byte("toc.dat\x00")) {
			return &FormatError{"a tar-format dump (pg_dump --format=tar)", "restore it with pg_restore, or dump again with --format=custom"}
		}
		return &FormatError{"a tar archive", "unpack it and look at what is inside"}
	}
	if at := bytes.Index(start, []byte(magic+"\x01")); at > 0 {
		return &FormatError{fmt.Sprintf("a dump with %d bytes of something else before it: %s", at, quote(start[:at])),
			fmt.Sprintf("cut them off (tail -c +%d FILE) and try again", at+1)}
	}
	if bytes.Count(start, []byte{0}) == len(start) {
		return &FormatError{"nothing but zero bytes", "the disk or the copy lost the contents; look for another copy"}
	}
	if isText(start) {
		return recogniseText(start)
	}
	return &FormatError{"something else, which begins with " + quote(start[:min(len(start), 16)]), "look for another copy of the dump"}
}

func recogniseText(start []byte) error {
	first, _, _ := bytes.Cut(bytes.TrimSpace(start), []byte("\n"))
	for _, sql := range []string{"--", "/*", "SET ", "CREATE ", "SELECT ", "COPY ", "INSERT ", "BEGIN", "DROP ", "ALTER ", `\`} {
		if bytes.HasPrefix(bytes.ToUpper(first), []byte(sql)) {
			return &FormatError{"a plain SQL script", "restore it with psql, or dump again with pg_dump --format=custom"}
		}
	}
	return &FormatError{"a text, which begins with " + quote(first), "if that is an error message, the backup failed when it was made; look for an older one"}
}

func isText(b []byte) bool {
	for i := 0; i < 3 && len(b) > 0 && !utf8.Valid(b); i++ {
		b = b[:len(b)-1] // a character cut in the middle
	}
	return utf8.Valid(b) && bytes.IndexByte(b, 0) < 0
}

// quote shows bytes of an untrusted file to a person: at most 80, without control characters.
func quote(b []byte) string {
	return fmt.Sprintf("%q", b[:min(len(b), 80)])
}

// history tells from the beginning of a dump what happened to it on the way. A terminal between
// pg_dump and the file (kubectl exec -t, docker exec -t) writes a carriage return before each line
// feed; in a dump's first bytes many line feeds stand alone.
func history(start []byte) string {
	feeds, both := bytes.Count(start, []byte("\n")), bytes.Count(start, []byte("\r\n"))
	if feeds >= 3 && feeds == both {
		return "each line feed has a carriage return before it: the dump was copied through a terminal, as by kubectl exec with -t; it has to be made again without -t"
	}
	return ""
}

func isEnd(err error) bool { return errors.Is(err, io.EOF) }
