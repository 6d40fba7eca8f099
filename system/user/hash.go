package user

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	"golang.org/x/crypto/argon2"
)

// errHash does not show the hash.
var errHash = errors.New("the password's hash has not the form $argon2id$v=19$m=…,t=…,p=…$salt$sum")

// parse takes a hash apart.
func (h hash) parse() (c cost, salt, sum []byte, err error) {
	parts := strings.Split(string(h), "$")
	if len(parts) != 6 || parts[0] != "" || parts[1] != "argon2id" || parts[2] != fmt.Sprintf("v=%d", argon2.Version) {
		return cost{}, nil, nil, errHash
	}
	if _, err := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &c.Memory, &c.Time, &c.Threads); err != nil || !c.valid() {
		return cost{}, nil, nil, errHash
	}
	salt, saltErr := base64.RawStdEncoding.DecodeString(parts[4])
	sum, sumErr := base64.RawStdEncoding.DecodeString(parts[5])
	if saltErr != nil || sumErr != nil || len(sum) == 0 {
		return cost{}, nil, nil, errHash
	}
	return c, salt, sum, nil
}

// valid says whether argon2id can work at this cost; it needs 8 KiB for each thread.
func (c cost) valid() bool {
	return c.Time >= 1 && c.Threads >= 1 && c.Memory >= 8*uint32(c.Threads)
}
