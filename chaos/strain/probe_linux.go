package strain

import (
	"bytes"
	"os"
	"runtime"
	"strconv"
	"time"

	"golang.org/x/sys/unix"
)

// userHZ is the unit of times in /proc/stat, which is 100 a second on every architecture that Go runs on.
const userHZ = 10 * time.Millisecond

// probe reads the kernel's counters. It belongs to one goroutine.
type probe struct {
	stat, pressure *os.File // nil where the kernel has none
	quota          *quota   // nil where there is none
	allowed        map[int]bool
	threads        *threads
	processes      *processes
	buffer         []byte
}

func newProbe() *probe {
	p := &probe{allowed: allowedProcessors(), threads: newThreads(), processes: newProcesses(), quota: findQuota(), buffer: make([]byte, 64<<10)}
	p.stat, _ = os.Open("/proc/stat") // what cannot be read stays 0
	p.pressure, _ = os.Open("/proc/pressure/cpu")
	return p
}

func (p *probe) close() {
	for _, file := range []*os.File{p.stat, p.pressure} {
		if file != nil {
			_ = file.Close()
		}
	}
	p.quota.close()
	p.threads.close()
}

// read takes the state of everything but the cells.
func (p *probe) read(scan bool) reading {
	r := reading{at: time.Now(), measured: p.stat != nil, scanned: scan, allowed: max(1, len(p.allowed))}
	if scan {
		p.threads.forget(p.processes.scan())
	}
	r.idle, r.steal = p.processors()
	r.withheld = p.quota.withheld(p.buffer)
	r.quota = p.quota.processors()
	r.pressure = p.waiting()
	r.harness = p.threads.gained(self, scan)
	return r
}

// gained is what a process and all its descendants have had since they were asked last, or since they began.
func (p *probe) gained(root int, scan bool) (sum usage) {
	if root == 0 {
		return usage{}
	}
	for _, pid := range p.processes.below(root) {
		sum = sum.plus(p.threads.gained(pid, scan))
	}
	return sum
}

// processors sums up idle and stolen time over the allowed processors.
func (p *probe) processors() (idle, steal time.Duration) {
	for line := range bytes.Lines(p.content(p.stat)) {
		name, rest, _ := bytes.Cut(line, []byte(" "))
		number, ok := bytes.CutPrefix(name, []byte("cpu"))
		if !ok {
			break // the lines of processors come first
		}
		cpu, err := strconv.Atoi(string(number))
		if err != nil || !p.allowed[cpu] {
			continue // the line of all together has no number
		}
		fields := bytes.Fields(rest) // user nice system idle iowait irq softirq steal …
		if len(fields) < 8 {
			continue
		}
		idle += ticks(fields[3]) + ticks(fields[4])
		steal += ticks(fields[7])
	}
	return idle, steal
}

func ticks(field []byte) time.Duration {
	n, _ := strconv.ParseInt(string(field), 10, 64)
	return time.Duration(n) * userHZ
}

// waiting is for how long somebody on this machine waited for a processor: the total of the line some.
func (p *probe) waiting() time.Duration {
	line, _, _ := bytes.Cut(p.content(p.pressure), []byte("\n"))
	_, total, _ := bytes.Cut(line, []byte("total="))
	n, _ := strconv.ParseInt(string(bytes.TrimSpace(total)), 10, 64)
	return time.Duration(n) * time.Microsecond
}

// content reads a file of /proc from its beginning.
func (p *probe) content(file *os.File) []byte {
	if file == nil {
		return nil
	}
	n, _ := file.ReadAt(p.buffer, 0) // io.EOF, or a processor's worth of lines too many
	return p.buffer[:max(0, n)]
}

// allowedProcessors are those that this process may run on.
func allowedProcessors() map[int]bool {
	allowed := map[int]bool{}
	var set unix.CPUSet
	known := unix.SchedGetaffinity(0, &set) == nil
	for cpu := range len(set) * 64 {
		if known && set.IsSet(cpu) || !known && cpu < runtime.NumCPU() {
			allowed[cpu] = true
		}
	}
	return allowed
}

// processorName is the model that /proc/cpuinfo gives of the first processor; ARM's kernels give none.
func processorName() string {
	text, _ := os.ReadFile("/proc/cpuinfo")
	for line := range bytes.Lines(text) {
		name, value, _ := bytes.Cut(line, []byte(":"))
		if string(bytes.TrimSpace(name)) == "model name" {
			return string(bytes.TrimSpace(value))
		}
	}
	return unnamed()
}
