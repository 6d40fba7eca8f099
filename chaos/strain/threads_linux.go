package strain

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"strconv"
	"time"
)

// threads follows the run time and the run delay of threads (man 5 proc_pid_schedstat: nanoseconds on a processor, nanoseconds
// of waiting for one, timeslices). A thread's file stays open, since to open it costs more than to read it.
type threads struct {
	processes map[int]map[string]*thread // by pid, then by the thread's folder below task
	buffer    [96]byte
}

type thread struct {
	file *os.File
	last usage
}

func newThreads() *threads { return &threads{processes: map[int]map[string]*thread{}} }

// gained is what the threads of a process have had since they were asked last, or since they began. New threads are found by
// a scan: one that comes and goes between two scans is never seen, and what one had between its last look and its end is lost.
func (t *threads) gained(pid int, scan bool) (sum usage) {
	alive, known := t.processes[pid]
	if !known {
		alive = map[string]*thread{}
		t.processes[pid] = alive
	}
	if scan || !known {
		open(alive, pid)
	}
	for id, one := range alive {
		now, err := t.read(one.file)
		if err != nil { // it has ended
			_ = one.file.Close()
			delete(alive, id)
			continue
		}
		sum = sum.plus(now.minus(one.last))
		one.last = now
	}
	return sum
}

// open opens the files of threads that are not followed yet. That a process has ended shows when its threads are read.
func open(alive map[string]*thread, pid int) {
	folder := "/proc/" + strconv.Itoa(pid) + "/task"
	ids, err := readNames(folder)
	if err != nil {
		return
	}
	for _, id := range ids {
		if alive[id] != nil {
			continue
		}
		if file, err := os.Open(folder + "/" + id + "/schedstat"); err == nil {
			alive[id] = &thread{file: file}
		}
	}
}

// forget closes what is open of processes that have ended.
func (t *threads) forget(ended []int) {
	for _, pid := range ended {
		for _, one := range t.processes[pid] {
			_ = one.file.Close()
		}
		delete(t.processes, pid)
	}
}

func (t *threads) close() {
	for _, alive := range t.processes {
		for _, one := range alive {
			_ = one.file.Close()
		}
	}
}

func (t *threads) read(file *os.File) (usage, error) {
	n, err := file.ReadAt(t.buffer[:], 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return usage{}, err
	}
	fields := bytes.Fields(t.buffer[:n])
	if len(fields) < 2 {
		return usage{}, fs.ErrNotExist
	}
	return usage{nanoseconds(fields[0]), nanoseconds(fields[1])}, nil
}

func nanoseconds(field []byte) time.Duration {
	n, _ := strconv.ParseInt(string(field), 10, 64)
	return time.Duration(n)
}

// readNames lists a folder without asking for more than names.
func readNames(folder string) ([]string, error) {
	file, err := os.Open(folder)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return file.Readdirnames(-1)
}
