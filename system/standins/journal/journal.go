// Package journal is how a stand-in remembers: an append-only file of JSON lines that survives a kill at any moment.
//
//	Append ─▶ buffer ─▶ Sync: one write and one fsync for all who wait ─▶ what is answered is on disk
//
// Opening replays the lines. A last line that has no end was never acknowledged and is cut off.
package journal

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
)

// maxLine is the longest line that can be read back, in bytes.
const maxLine = 4 << 20

// Place is where an entry stands in the file.
type Place struct {
	offset int64
	length int
}

// Journal is an append-only file of entries. It is safe for concurrent use.
type Journal[E any] struct {
	file *os.File

	mu       sync.Mutex
	flushed  sync.Cond
	buffer   []byte
	appended int64 // bytes that Append has taken
	durable  int64 // bytes that are on disk
	flushing bool
	err      error // the first failure; the file's tail is uncertain after it, so nothing follows
}

// Open opens or creates the file, with its folder, and hands each entry to replay, oldest first.
func Open[E any](path string, replay func(E, Place) error) (*Journal[E], error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return nil, fmt.Errorf("make folder of journal: %w", err)
	}
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return nil, fmt.Errorf("open journal: %w", err)
	}
	j := &Journal[E]{file: file}
	j.flushed.L = &j.mu
	if err := j.recover(replay); err != nil {
		return nil, errors.Join(fmt.Errorf("replay journal %s: %w", path, err), file.Close())
	}
	return j, nil
}

func (j *Journal[E]) recover(replay func(E, Place) error) error {
	end, err := scan(j.file, func(line []byte, at Place) error {
		entry, err := decode[E](line)
		if err != nil {
			return err
		}
		return replay(entry, at)
	})
	if err != nil {
		return err
	}
	if err := j.file.Truncate(end); err != nil {
		return fmt.Errorf("cut off the unfinished line: %w", err)
	}
	if _, err := j.file.Seek(end, io.SeekStart); err != nil {
		return fmt.Errorf("go to the end: %w", err)
	}
	j.appended, j.durable = end, end
	return nil
}

// Append adds an entry after all that were appended before. It is not safe on disk until Sync returns.
func (j *Journal[E]) Append(entry E) (Place, error) {
	line, err := json.Marshal(entry)
	if err != nil {
		return Place{}, fmt.Errorf("encode journal entry: %w", err)
	}
	if len(line) >= maxLine {
		return Place{}, fmt.Errorf("append to journal: an entry of %d bytes is too long", len(line))
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	at := Place{j.appended, len(line)}
	j.buffer = append(append(j.buffer, line...), '\n')
	j.appended += int64(len(line)) + 1
	return at, nil
}

// Sync returns when all that was appended before the call is on disk. Callers at the same time share one fsync.
func (j *Journal[E]) Sync() error {
	j.mu.Lock()
	defer j.mu.Unlock()
	for want := j.appended; j.durable < want && j.err == nil; {
		if j.flushing {
			j.flushed.Wait()
			continue
		}
		j.flush()
	}
	return j.err
}

// flush writes the buffer while the lock is free for others to append.
func (j *Journal[E]) flush() {
	lines := j.buffer
	j.buffer, j.flushing = nil, true
	j.mu.Unlock()
	_, err := j.file.Write(lines)
	if err == nil {
		err = j.file.Sync()
	}
	j.mu.Lock()
	j.flushing = false
	if err != nil {
		j.err = fmt.Errorf("write journal: %w", err)
	} else {
		j.durable += int64(len(lines))
	}
	j.flushed.Broadcast()
}

// Lines gives the lines that are on disk now, without their ends, oldest first. A line is valid only during yield.
func (j *Journal[E]) Lines(yield func(line []byte) error) error {
	if err := j.Sync(); err != nil {
		return err
	}
	j.mu.Lock()
	end := j.durable
	j.mu.Unlock()
	_, err := scan(io.NewSectionReader(j.file, 0, end), func(line []byte, _ Place) error { return yield(line) })
	return err
}

// At reads one entry.
func (j *Journal[E]) At(at Place) (E, error) {
	if err := j.Sync(); err != nil {
		return *new(E), err
	}
	line := make([]byte, at.length)
	if _, err := j.file.ReadAt(line, at.offset); err != nil {
		return *new(E), fmt.Errorf("read journal entry: %w", err)
	}
	return decode[E](line)
}

// Close makes everything durable and closes the file.
func (j *Journal[E]) Close() error { return errors.Join(j.Sync(), j.file.Close()) }

func decode[E any](line []byte) (E, error) {
	var entry E
	if err := json.Unmarshal(line, &entry); err != nil {
		return entry, fmt.Errorf("decode journal entry: %w", err)
	}
	return entry, nil
}

// scan gives each whole line to visit and returns where the last one ends.
func scan(r io.Reader, visit func(line []byte, at Place) error) (end int64, err error) {
	lines := bufio.NewScanner(r)
	lines.Buffer(make([]byte, 0, 16<<10), maxLine+1)
	lines.Split(wholeLines)
	for n := 1; lines.Scan(); n++ {
		line := lines.Bytes()
		if err := visit(line, Place{end, len(line)}); err != nil {
			return end, fmt.Errorf("line %d: %w", n, err)
		}
		end += int64(len(line)) + 1
	}
	return end, lines.Err()
}

// wholeLines is bufio.ScanLines without the last line that has no end.
func wholeLines(data []byte, _ bool) (advance int, token []byte, err error) {
	if i := bytes.IndexByte(data, '\n'); i >= 0 {
		return i + 1, data[:i], nil
	}
	return 0, nil, nil
}
