package cell

import "syscall"

const (
	sharedMemory   = "/dev/shm" // where Linux has a file system in memory that everybody may use
	tmpfsMagic     = 0x01021994 // TMPFS_MAGIC of linux/magic.h
	enoughMemory   = 1 << 30    // bytes that must be free there: several cells with real servers fit into it
	readWriteEnter = 7          // R_OK, W_OK and X_OK of access(2)
)

// memoryFolder is a folder of a file system in memory, or "" where there is none with enough room.
func memoryFolder() string {
	var fs syscall.Statfs_t
	if err := syscall.Statfs(sharedMemory, &fs); err != nil || int64(fs.Type) != tmpfsMagic {
		return ""
	}
	if fs.Bavail*uint64(fs.Bsize) < enoughMemory || syscall.Access(sharedMemory, readWriteEnter) != nil {
		return ""
	}
	return sharedMemory
}
