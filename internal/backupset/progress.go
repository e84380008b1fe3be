package backupset

import "time"

// Progress is how far a reading is, in bytes of the files.
type Progress struct {
	Done, Total int64
	Parts       []PartProgress // those that are there
}

// PartProgress is how far the reading of one part is.
type PartProgress struct {
	Class       Class
	Done, Total int64
	Items       int64 // files of an archive, rows of a dump
	Over        bool
}

// often is how many times progress is told.
const often = 100 * time.Millisecond

// report tells of the progress until stop is called, which tells it a last time.
func report(parts []*partReading, tell func(Progress)) (stop func()) {
	if tell == nil {
		return func() {}
	}
	end, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		ticker := time.NewTicker(often)
		defer ticker.Stop()
		for {
			select {
			case <-ticker.C:
				tell(progress(parts))
			case <-end:
				tell(progress(parts))
				return
			}
		}
	}()
	return func() {
		close(end)
		<-ended
	}
}

func progress(parts []*partReading) (all Progress) {
	for _, p := range parts {
		if p.part.Missing {
			continue
		}
		one := PartProgress{Class: p.part.Class, Total: p.part.Size, Over: p.over.Load(), Items: p.files.Load()}
		one.Done = min(p.done.Load(), one.Total)
		all.Done += one.Done
		all.Total += one.Total
		all.Parts = append(all.Parts, one)
	}
	return all
}
