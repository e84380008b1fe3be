package backupset

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
)

// readArchive reads an archive to its end.
func (p *partReading) readArchive() {
	in := newSource(p.stream)
	census := newCensus(p.part.Class, p.deep, p.now, &p.files)
	unpacked, err := p.members(in, census)
	p.census = census
	p.report.Archive = census.result()
	if unpacked != nil {
		p.report.Archive.Compression, p.report.Archive.Unpacked = unpacked.compression, unpacked.n
		unpacked.close()
	}
	if err != nil {
		p.archiveBroken(in, unpacked, err)
	}
	for _, id := range slices.Sorted(maps.Keys(census.oddities)) {
		p.oddity(id, census.oddities[id])
	}
	if err == nil && census.archive.Files == 0 {
		p.find("archive-empty", p.part.Name+" is a whole archive without a single file in it")
	}
}

// members goes through the archive and behind its end, so that the last checksum is checked too.
func (p *partReading) members(in *source, census *census) (*inflater, error) {
	unpacked, err := newInflater(in)
	if err != nil {
		return nil, err
	}
	p.misnamed(unpacked.compression)
	tar := newTarReader(unpacked)
	for {
		m, err := tar.next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return unpacked, err
		}
		census.add(m)
	}
	at, err := tar.tail()
	switch {
	case err != nil:
		return unpacked, err
	case at >= 0:
		p.find("trailing", fmt.Sprintf("%s goes on after the end of its tar archive, near byte %d of what it unpacks to", p.part.Name, at))
	case unpacked.trailing > 0:
		p.find("trailing", fmt.Sprintf("%s goes on after the end of its %s data, at byte %d", p.part.Name, unpacked.compression, unpacked.trailing))
	}
	return unpacked, nil
}

// archiveBroken takes down why an archive can't be read to its end.
func (p *partReading) archiveBroken(in *source, unpacked *inflater, err error) {
	var failed *readError
	var limit *limitError
	switch {
	case errors.As(err, &failed):
		p.find("unreadable", fmt.Sprintf("%s can't be read on after byte %d: %v", p.part.Name, in.pos.n, failed))
	case errors.As(err, &limit):
		p.find("refused", fmt.Sprintf("%s, at byte %d: %v", p.part.Name, in.offset(), limit))
	case unpacked == nil && !errors.Is(err, io.ErrUnexpectedEOF):
		p.find("archive-strange", fmt.Sprintf("%s is no archive: %v", p.part.Name, err))
	default:
		files := p.report.Archive.Files
		p.find("damaged", fmt.Sprintf("%s is damaged at byte %s of %s, after %s: %s",
			p.part.Name, thousands(in.offset()), thousands(p.part.Size), plural(files, "file"), inWords(err)))
	}
}

// inWords says a decompressor's errors as a person would.
func inWords(err error) string {
	return strings.Replace(err.Error(), io.ErrUnexpectedEOF.Error(), "it ends too early", 1)
}

// misnamed compares what the file is with what its name says.
func (p *partReading) misnamed(compression string) {
	suffix := map[string]string{"gzip": ".tar.gz", "zstd": ".tar.zst", "none": ".tar"}[compression]
	if !strings.HasSuffix(p.part.Name, suffix) {
		p.find("misnamed", fmt.Sprintf("%s should be called %s: its compression is %q", p.part.Name,
			strings.TrimSuffix(strings.TrimSuffix(strings.TrimSuffix(p.part.Name, ".gz"), ".zst"), ".tar")+suffix, compression))
	}
}

// oddity makes a finding of something that occurred among the members.
func (p *partReading) oddity(id string, o *oddity) {
	text := fmt.Sprintf("%s: %s: first %s", p.part.Name, plural(o.times, "member"), o.first)
	if id == "contents-foreign" {
		text = fmt.Sprintf("%s holds %s", p.part.Name, holds(p.report.Archive, p.part.Class))
		if own := p.report.Archive.Holds[string(p.part.Class)]; own == 0 {
			text += ", and nothing of its own class"
		}
	}
	p.find(id, text)
}
