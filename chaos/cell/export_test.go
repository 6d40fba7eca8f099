package cell

// MemoryFolder is where data in memory lies on this machine, or "".
func MemoryFolder() string { return memoryFolder() }
