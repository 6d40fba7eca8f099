package servers

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// prepareWithin bounds what is made before a server's first start.
const prepareWithin = 60 * time.Second

// PostgresOptions say what a PostgreSQL server has from its start.
type PostgresOptions struct {
	// Owner may do everything, with this password.
	Owner, Password string
	// Databases are made besides the one named postgres.
	Databases []string
	// Durable writes to disk before it says so. Without it a server is faster, and loses data with the machine.
	Durable bool
}

// Postgres finds PostgreSQL, or gives a *MissingError.
func Postgres(o PostgresOptions) (*Program, error) {
	bin := postgresBin()
	if bin == "" {
		return nil, &MissingError{Server: "PostgreSQL", Program: "/usr/lib/postgresql/*/bin/initdb", Debian: "postgresql"}
	}
	return &Program{
		Name: "PostgreSQL", Ports: 1, Data: "data", Claim: "data/postmaster.pid", NotRoot: true, Stop: syscall.SIGINT, Abort: syscall.SIGQUIT,
		Prepare: func(folder string, as Account) error { return o.prepare(bin, folder, as) },
		Command: func(folder string, ports []string) *exec.Cmd {
			args := []string{"-D", filepath.Join(folder, "data"), "-p", ports[0],
				"-c", "dynamic_shared_memory_type=mmap", // in its folder, which is removed; elsewhere a killed server leaves it behind
				"-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories=", "-c", "max_connections=200"}
			if !o.Durable {
				args = append(args, "-c", "fsync=off", "-c", "full_page_writes=off")
			}
			return exec.Command(filepath.Join(bin, "postgres"), args...)
		},
		Ready: postgresReady,
	}, nil
}

// postgresBin gives the folder of the newest server's programs, or "".
func postgresBin() string {
	versions, _ := filepath.Glob("/usr/lib/postgresql/*/bin/initdb") // the pattern is right, so there is no error
	newest, folder := 0, ""
	for _, path := range versions {
		bin := filepath.Dir(path)
		if version, err := strconv.Atoi(filepath.Base(filepath.Dir(bin))); err == nil && version > newest {
			newest, folder = version, bin
		}
	}
	if path := found("initdb"); folder == "" && path != "" {
		return filepath.Dir(path)
	}
	return folder
}

// prepare makes the cluster, and the databases in its single-user mode, which needs neither port nor client.
func (o PostgresOptions) prepare(bin, folder string, as Account) error {
	secret, data := filepath.Join(folder, "password"), filepath.Join(folder, "data")
	if err := as.write(secret, o.Password); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), prepareWithin)
	defer cancel()
	err := as.run(exec.CommandContext(ctx, filepath.Join(bin, "initdb"), "-D", data, "-U", o.Owner,
		"-A", "password", "--pwfile", secret, "-E", "UTF8", "--locale=C", "--no-sync"))
	if err != nil || len(o.Databases) == 0 {
		return err
	}
	// Nothing of this is worth keeping if the machine stops meanwhile, so it may be fast.
	single := exec.CommandContext(ctx, filepath.Join(bin, "postgres"), "--single", "-D", data, "-c", "fsync=off", "-c", "dynamic_shared_memory_type=mmap", "postgres")
	var statements bytes.Buffer
	for _, name := range o.Databases {
		fmt.Fprintf(&statements, "CREATE DATABASE %s\n", quoted(name))
	}
	single.Stdin = &statements
	return as.run(single)
}

// quoted writes a name in SQL.
func quoted(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }

// postgresReady asks as a client does that begins a session (PostgreSQL's manual, 55.7, StartupMessage). A server that can
// take it asks for the password (R); one that is starting, or recovering from a crash, answers with an error (E).
func postgresReady(address string) error {
	body := binary.BigEndian.AppendUint32(nil, 3<<16) // version 3.0
	body = append(body, "user\x00ready\x00database\x00postgres\x00\x00"...)
	return Answers(address, append(binary.BigEndian.AppendUint32(nil, uint32(len(body)+4)), body...), "R")
}
