package evidence

import (
	"bufio"
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
)

// The files of a folder.
const (
	ScenarioFile = "scenario.yaml"
	RunFile      = "run.json"
	FaultsFile   = "faults.json"
	HistoryFile  = "history.jsonl"
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
	if f.History, err = readHistory(filepath.Join(dir, HistoryFile)); err != nil {
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

func readHistory(path string) ([]load.Operation, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	var history []load.Operation
	for lines := json.NewDecoder(bufio.NewReader(file)); ; {
		var op load.Operation
		err := lines.Decode(&op)
		if errors.Is(err, io.EOF) {
			return history, nil
		}
		if err != nil {
			return nil, fmt.Errorf("decode line %d of %s: %w", len(history)+1, path, err)
		}
		history = append(history, op)
	}
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
