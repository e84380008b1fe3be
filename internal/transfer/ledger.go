package transfer

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"time"
)

// Receipt is what is remembered of one parcel that has arrived, or of the run as a whole.
type Receipt struct {
	Entries int64  `json:"entries,omitempty"`
	Bytes   int64  `json:"bytes"`
	Digest  string `json:"digest,omitempty"`
	// Plan, Names and Modified, the local file's time, are used by the receipts about the run as a
	// whole.
	Plan     string    `json:"plan,omitempty"`
	Names    []string  `json:"names,omitempty"`
	Modified time.Time `json:"modified,omitzero"`
}

// Ledger remembers receipts from one process to the next. One ledger serves one transfer; it is
// called from several goroutines. When Record returns, the receipt must be safe.
type Ledger interface {
	Receipt(id string) (Receipt, bool)
	Record(id string, r Receipt) error
}

// MemoryLedger is a [Ledger] that ends with the process. Its zero value is ready.
type MemoryLedger struct {
	mu       sync.Mutex
	receipts map[string]Receipt
}

// Receipt finds what Record was told last.
func (l *MemoryLedger) Receipt(id string) (Receipt, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	r, ok := l.receipts[id]
	return r, ok
}

// Record keeps a receipt.
func (l *MemoryLedger) Record(id string, r Receipt) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.receipts == nil {
		l.receipts = map[string]Receipt{}
	}
	l.receipts[id] = r
	return nil
}

// FileLedger is a [Ledger] in a file of JSON lines, one per receipt. A torn last line, as a crash
// leaves it, is dropped: that parcel is sent again.
type FileLedger struct {
	memory MemoryLedger
	mu     sync.Mutex
	file   *os.File
}

type ledgerLine struct {
	ID string `json:"id"`
	Receipt
}

// OpenLedger opens or begins the ledger at path.
func OpenLedger(path string) (*FileLedger, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open ledger: %w", err)
	}
	l := &FileLedger{file: f}
	if err := l.load(); err != nil {
		f.Close()
		return nil, fmt.Errorf("read ledger %s: %w", path, err)
	}
	return l, nil
}

func (l *FileLedger) load() error {
	r := bufio.NewReader(l.file)
	var whole int64
	for {
		line, err := r.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		var entry ledgerLine
		if err := json.Unmarshal(line, &entry); err != nil {
			return fmt.Errorf("line at byte %d: %w", whole, err)
		}
		if err := l.memory.Record(entry.ID, entry.Receipt); err != nil {
			return err
		}
		whole += int64(len(line))
	}
	if err := l.file.Truncate(whole); err != nil {
		return err
	}
	_, err := l.file.Seek(whole, io.SeekStart)
	return err
}

// Receipt finds what Record was told last, in this process or one before.
func (l *FileLedger) Receipt(id string) (Receipt, bool) { return l.memory.Receipt(id) }

// Record appends a receipt and returns when it is on the disk.
func (l *FileLedger) Record(id string, r Receipt) error {
	line, err := json.Marshal(ledgerLine{ID: id, Receipt: r})
	if err != nil {
		return fmt.Errorf("record %s: %w", id, err)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if _, err := l.file.Write(append(line, '\n')); err != nil {
		return fmt.Errorf("record %s: %w", id, err)
	}
	if err := l.file.Sync(); err != nil {
		return fmt.Errorf("record %s: %w", id, err)
	}
	return l.memory.Record(id, r)
}

// Close closes the file; receipts stay readable.
func (l *FileLedger) Close() error { return l.file.Close() }
