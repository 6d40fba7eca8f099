package evidence

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"stormglass/chaos/fault"
	"stormglass/chaos/load"
	"stormglass/chaos/strain"
)

// The files of a folder.
const (
	ScenarioFile = "scenario.yaml"
	RunFile      = "run.json"
	FaultsFile   = "faults.json"
	HistoryFile  = "history.jsonl"
	StrainFile   = "strain.jsonl"
	VerdictFile  = "verdict.json"
	auditDir     = "audit"
	booksDir     = "books"
)

// Open reads a folder that a run left behind.
func Open(dir string) (*Folder, error) {
	f := &Folder{Dir: dir}
	err := readJSON(filepath.Join(dir, RunFile), &f.Run)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("open evidence: %w", elsewhere(dir))
	}
	if err != nil {
		return nil, fmt.Errorf("open evidence %s: %w", dir, err)
	}
	if err := readJSON(filepath.Join(dir, FaultsFile), &f.Doses); err != nil {
		return nil, fmt.Errorf("open evidence %s: %w", dir, err)
	}
	if f.History, err = readLines[load.Operation](filepath.Join(dir, HistoryFile)); err != nil {
		return nil, fmt.Errorf("open evidence %s: %w", dir, err)
	}
	if f.Strain, err = readLines[strain.Sample](filepath.Join(dir, StrainFile)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("open evidence %s: %w", dir, err)
	}
	if f.Audits, err = readAll(filepath.Join(dir, auditDir)); err != nil {
		return nil, fmt.Errorf("open evidence %s: %w", dir, err)
	}
	if f.Books, err = readAll(filepath.Join(dir, booksDir)); err != nil {
		return nil, fmt.Errorf("open evidence %s: %w", dir, err)
	}
	return f, nil
}

// Write puts everything into the folder but the history and what observers wrote there themselves.
func (f *Folder) Write() error {
	if err := WriteJSON(filepath.Join(f.Dir, RunFile), f.Run); err != nil {
		return err
	}
	if err := WriteJSON(filepath.Join(f.Dir, FaultsFile), append([]fault.Dose{}, f.Doses...)); err != nil {
		return err
	}
	if err := writeLines(filepath.Join(f.Dir, StrainFile), f.Strain); err != nil {
		return err
	}
	if err := writeAll(filepath.Join(f.Dir, auditDir), f.Audits); err != nil {
		return err
	}
	return writeAll(filepath.Join(f.Dir, booksDir), f.Books)
}

// WriteJSON writes one value as indented JSON.
func WriteJSON(path string, value any) error {
	text, err := json.MarshalIndent(value, "", "  ")
	if err != nil {
		return fmt.Errorf("encode %s: %w", filepath.Base(path), err)
	}
	if err := os.WriteFile(path, append(text, '\n'), 0o644); err != nil {
		return fmt.Errorf("write evidence: %w", err)
	}
	return nil
}

// readJSON reads what WriteJSON wrote.
func readJSON(path string, into any) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	return decode(path, text, into)
}

// readLines reads a file of one JSON value a line.
func readLines[T any](path string) (all []T, err error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	for lines := json.NewDecoder(bufio.NewReader(file)); ; {
		var one T
		err := lines.Decode(&one)
		if errors.Is(err, io.EOF) {
			return all, nil
		}
		if err != nil {
			return nil, fmt.Errorf("decode line %d of %s: %w", len(all)+1, path, err)
		}
		all = append(all, one)
	}
}

// writeLines writes what readLines reads.
func writeLines[T any](path string, all []T) error {
	var text bytes.Buffer
	lines := json.NewEncoder(&text)
	for _, one := range all {
		if err := lines.Encode(one); err != nil {
			return fmt.Errorf("encode %s: %w", filepath.Base(path), err)
		}
	}
	if err := os.WriteFile(path, text.Bytes(), 0o644); err != nil {
		return fmt.Errorf("write evidence: %w", err)
	}
	return nil
}

func readAll(dir string) (map[string]json.RawMessage, error) {
	all := map[string]json.RawMessage{}
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return all, nil
	}
	if err != nil {
		return nil, err
	}
	for _, entry := range entries {
		text, err := os.ReadFile(filepath.Join(dir, entry.Name()))
		if err != nil {
			return nil, err
		}
		all[strings.TrimSuffix(entry.Name(), ".json")] = text
	}
	return all, nil
}

func writeAll(dir string, all map[string]json.RawMessage) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("make %s: %w", dir, err)
	}
	for name, text := range all {
		if err := os.WriteFile(filepath.Join(dir, name+".json"), text, 0o644); err != nil {
			return fmt.Errorf("write evidence: %w", err)
		}
	}
	return nil
}
