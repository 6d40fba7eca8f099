package celltest

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"

	"stormglass/chaos/cell"
	"stormglass/chaos/system"
)

// serve is one process of the toy system. Settings make it misbehave: CRASH ends it at once, UNREADY keeps it from ever
// being ready, DEGRADED is what it says that it lacks, DEAF makes it ignore SIGTERM.
func serve() error {
	if os.Getenv("CRASH") != "" {
		return errors.New("the toy was told to crash")
	}
	if err := countBoot(); err != nil {
		return err
	}
	if addr := os.Getenv("WIRE_ADDR"); addr != "" {
		l, err := net.Listen("tcp", addr)
		if err != nil {
			return err
		}
		go answerLines(l)
	}
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGTERM)
	server := &http.Server{Addr: os.Getenv("HTTP_ADDR"), Handler: pages()}
	failed := make(chan error, 1)
	go func() { failed <- server.ListenAndServe() }()
	for {
		select {
		case err := <-failed:
			return err
		case <-stop:
			if os.Getenv("DEAF") == "" {
				fmt.Println("goodbye")
				return nil
			}
		}
	}
}

// countBoot leaves a mark in the data folder for each life.
func countBoot() error {
	f, err := os.OpenFile(bootsFile(), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o644)
	if err != nil {
		return err
	}
	_, err = f.WriteString("x")
	return errors.Join(err, f.Close())
}

func bootsFile() string { return filepath.Join(os.Getenv("DATA"), os.Getenv("INSTANCE")+".boots") }

func pages() http.Handler {
	neighbour := &http.Client{Transport: &http.Transport{}}
	lines := &lineClient{}
	mux := http.NewServeMux()
	page := func(path string, f func(r *http.Request) (string, error)) {
		mux.HandleFunc(path, func(w http.ResponseWriter, r *http.Request) {
			text, err := f(r)
			if err != nil {
				http.Error(w, err.Error(), http.StatusBadGateway)
				return
			}
			io.WriteString(w, text)
		})
	}
	page("/readyz", func(*http.Request) (string, error) {
		if os.Getenv("UNREADY") != "" {
			return "", errors.New("the toy is never ready")
		}
		if why := os.Getenv("DEGRADED"); why != "" {
			text, err := json.Marshal(map[string]any{"ready": true, "degraded": map[string]string{"store": why}})
			return string(text), err
		}
		return "ready", nil
	})
	page("/hello", func(*http.Request) (string, error) { return "hello from " + os.Getenv("INSTANCE"), nil })
	page("/env", func(*http.Request) (string, error) {
		text, err := json.Marshal(os.Environ())
		return string(text), err
	})
	page("/boots", func(*http.Request) (string, error) {
		text, err := os.ReadFile(bootsFile())
		return strconv.Itoa(len(text)), err
	})
	page("/ask", func(r *http.Request) (string, error) { return ask(r.Context(), neighbour) })
	page("/line", func(r *http.Request) (string, error) { return lines.send(r.FormValue("text")) })
	page("/exit", func(*http.Request) (string, error) { os.Exit(3); return "", nil })
	page("/spawn", func(r *http.Request) (string, error) { return spawn(r.FormValue("apart") != "") })
	return mux
}

// ask asks the neighbour, on a connection that is kept.
func ask(ctx context.Context, neighbour *http.Client) (string, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, os.Getenv("STORE_URL")+"/hello", nil)
	if err != nil {
		return "", err
	}
	answer, err := neighbour.Do(req)
	if err != nil {
		return "", err
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	return string(body), err
}

// spawn starts a process that belongs to this one's group, or to one of its own, and that nobody waits for.
func spawn(apart bool) (string, error) {
	cmd := exec.Command(os.Args[0], "toy-sleep")
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: apart}
	if err := cmd.Start(); err != nil {
		return "", err
	}
	return strconv.Itoa(cmd.Process.Pid), nil
}

// lineClient sends lines on one connection that it makes anew when it is lost.
type lineClient struct {
	mu   sync.Mutex
	conn net.Conn
	in   *bufio.Reader
}

// send sends one line and waits for its answer.
func (c *lineClient) send(text string) (answer string, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.conn == nil {
		addr, _, _ := strings.Cut(os.Getenv("DB_ADDRS"), ",")
		if c.conn, err = net.Dial("tcp", addr); err != nil {
			return "", err
		}
		c.in = bufio.NewReader(c.conn)
	}
	if _, err = fmt.Fprintln(c.conn, text); err == nil {
		answer, err = c.in.ReadString('\n')
	}
	if err != nil {
		c.conn.Close()
		c.conn = nil
	}
	return strings.TrimSpace(answer), err
}

// answerLines answers each line of each connection, and says on its output which ones it saw.
func answerLines(l net.Listener) {
	for {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		go func() {
			defer conn.Close()
			for lines := bufio.NewScanner(conn); lines.Scan(); {
				fmt.Println("line", lines.Text())
				if _, err := fmt.Fprintln(conn, "OK "+lines.Text()); err != nil {
					return
				}
			}
		}()
	}
}

// harness starts a toy cell in a folder, prints its instances as one line of JSON, and never stops it.
func harness(dir string) error {
	sys, err := system.Parse("toy.yaml", []byte(description))
	if err != nil {
		return err
	}
	o, err := options(dir)
	if err != nil {
		return err
	}
	c, err := cell.Start(context.Background(), sys, o)
	if err != nil {
		return err
	}
	if err := json.NewEncoder(os.Stdout).Encode(c.Instances()); err != nil {
		return err
	}
	select {}
}
