// Package pgdump reads PostgreSQL's custom archive format, the files of "pg_dump --format=c":
// contents first, then the rows of each table as they come, from a file or a plain stream, without
// PostgreSQL's tools and without temporary files. What it has read to the end without an error is
// whole: every block, every compressed stream and its checksum, every row up to the end marker.
//
//	archive, err := pgdump.OpenFile("backup.sqlc")
//	...
//	for block, err := range archive.Data(ctx) {
//		if err != nil {
//			return err // for example: damaged at byte 81920 while reading table public.statuses: …
//		}
//		if block.Entry.Name != "statuses" {
//			continue // read and checked all the same
//		}
//		rows, err := block.Rows("id", "created_at")
//		...
//		for rows.Next() {
//			created := rows.Field(1) // nil for NULL
//		}
//		if err := rows.Err(); err != nil { … }
//	}
//
// [Archive.DataOf] reads one entry's data without the others', from a file of any size within
// milliseconds if they are few: from the offset in the contents, or, where pg_dump wrote to a pipe
// and left none, by stepping over the blocks before it.
//
// The package knows nothing of Mastodon, of servers, or of what a restore is. It imports the
// standard library and two compression libraries. An [Archive] may be read by one goroutine at a
// time, except [Archive.Offset], which anybody may ask; Data and DataOf decompress in a goroutine
// that ends before the loop over them does. Memory stays below 64 MiB whatever the file holds.
//
// # The format
//
// Versions 1.12 to 1.16, written by PostgreSQL 9.0 to 18. Three encodings occur everywhere:
//
//	byte     1 byte
//	int      1 byte sign (0 or 1), then IntSize bytes, least significant first
//	string   int length, then the bytes; a length of -1 is NULL
//
// A file is a header, the table of contents, the data blocks, and nothing more:
//
//	header
//	  5 bytes  "PGDMP"
//	  byte     major version, minor version, revision
//	  byte     IntSize (4 everywhere), OffsetSize (8 nearly everywhere)
//	  byte     format: 1 custom; 3 tar, and toc.dat of the directory format
//	  byte     since 1.15, compression: 0 none, 1 gzip, 2 lz4, 3 zstd
//	  int      before 1.15, gzip's level: 0 none, -1 default
//	  int × 7  creation time: second, minute, hour, day, month (0-11), year - 1900, daylight saving;
//	           a wall clock without a zone
//	  string   database, server's version, pg_dump's version
//
//	table of contents
//	  int      number of entries
//	  for each entry
//	  int      dump id, from 1
//	  int      1 if it has data
//	  string   oid of the system table, oid of the object, both as decimal text
//	  string   name ("tag"), kind ("TABLE DATA")
//	  int      section: 1 none, 2 pre-data, 3 data, 4 post-data
//	  string   definition, statement that drops it, COPY statement
//	  string   schema, tablespace; since 1.14, access method
//	  int      since 1.16, relkind
//	  string   owner, "true" if the table has OIDs
//	  string…  dump ids it depends on, as decimal text; NULL ends them
//	  byte     offset: 1 not known (pg_dump wrote to a pipe), 2 known, 3 no data
//	  bytes    OffsetSize bytes, least significant first: where its block begins
//
//	data block of a table                  of large objects
//	  byte   1                               byte   3
//	  int    dump id                         int    dump id
//	  chunks                                 for each: int oid (unsigned), chunks
//	                                         int    0
//
//	chunks
//	  int    length, then so many bytes; a length of 0 ends them
//
// The bytes of all chunks together are one compressed stream: nothing, zlib (RFC 1950), an LZ4 frame
// or a Zstandard frame. Only zlib carries a checksum as pg_dump writes them: of the other three, a
// flipped bit may pass unseen here as it does in pg_restore, unless it breaks the structure.
//
// A table's stream is COPY's text format: a line for each row, fields parted by tabs, \N for NULL,
// backslash escapes, and at the end a line of \. followed by two empty ones. (A dump made with
// --inserts holds SQL instead; it is read to the end, and has no rows to show.)
package pgdump
