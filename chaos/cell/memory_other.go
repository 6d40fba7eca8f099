//go:build !linux

package cell

// memoryFolder is "": other systems have no file system in memory that is always there.
func memoryFolder() string { return "" }
