package cell

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"runtime"
	"sync"
	"testing"
	"time"

	"stormglass/chaos/system"
	"stormglass/internal/await"
	"stormglass/internal/ports"
	"stormglass/internal/ports/portstest"
)

// proxyTo makes one proxy in front of an address.
func proxyTo(t *testing.T, upstream string) *Proxy {
	t.Helper()
	link := system.Link{Client: "a", Server: "b"}
	proxies, err := startProxies([]pair{{link: link, client: "a-1", server: "b-1", listen: portstest.Free(t), upstream: upstream}}, Options{Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = proxies[0].close() })
	return proxies[0]
}

// serveOn runs a function for each connection to a new address; the test ends when they have.
func serveOn(t *testing.T, handle func(net.Conn)) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			wg.Go(func() { defer conn.Close(); handle(conn) })
		}
	})
	t.Cleanup(func() { l.Close(); wg.Wait() })
	return l.Addr().String()
}

func echo(conn net.Conn) { _, _ = io.Copy(conn, conn) }

func dial(t *testing.T, addr string) *net.TCPConn {
	t.Helper()
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn.(*net.TCPConn)
}

// passing is an effect with the same pass for every stream.
type passing struct{ pass Pass }

func (e *passing) Join(*Stream) Pass { return e.pass }

// joining is an effect made of its Join.
type joining struct{ join func(*Stream) Pass }

func (e *joining) Join(s *Stream) Pass { return e.join(s) }

func TestEffectsActInTurnOnLiveConnectionsAndGoAgain(t *testing.T) {
	p := proxyTo(t, serveOn(t, echo))
	conn := dial(t, p.Addr())
	in := bufio.NewReader(conn)
	say := func(want string) {
		t.Helper()
		fmt.Fprintln(conn, "x")
		if got, err := in.ReadString('\n'); err != nil || got != want+"\n" {
			t.Errorf("got %q, %v; want %q", got, err, want)
		}
	}
	put := func(word string) *passing {
		return &passing{func(c Chunk, next func(Chunk)) {
			if !c.End {
				c.Data = append([]byte(word), c.Data...)
			}
			next(c)
		}}
	}
	a, b := put("a"), put("b")
	say("x")
	p.Add(a)
	p.Add(b)
	say("babax") // each way: a first, then b before it
	p.Remove(a)
	say("bbx")
	p.Remove(b)
	say("x")
}

func TestAStreamsSeedFollowsFromCellProxyConnectionAndDirection(t *testing.T) {
	base := Stream{Proxy: "a-1 -> b-1", Conn: 1, Direction: Request}
	want := streamSeed(1, &base)
	if got := streamSeed(1, &Stream{Proxy: "a-1 -> b-1", Conn: 1, Direction: Request}); got != want {
		t.Errorf("the same stream has seeds %d and %d", got, want)
	}
	for name, got := range map[string]uint64{
		"seed":       streamSeed(2, &base),
		"proxy":      streamSeed(1, &Stream{Proxy: "a-2 -> b-1", Conn: 1, Direction: Request}),
		"connection": streamSeed(1, &Stream{Proxy: "a-1 -> b-1", Conn: 2, Direction: Request}),
		"direction":  streamSeed(1, &Stream{Proxy: "a-1 -> b-1", Conn: 1, Direction: Response}),
	} {
		if got == want {
			t.Errorf("another %s has the same seed", name)
		}
	}
}

func TestConnectionsAreNumberedAndGoOnCountingAfterARefusal(t *testing.T) {
	p := proxyTo(t, serveOn(t, echo))
	streams := make(chan Stream, 10)
	p.Add(&joining{func(s *Stream) Pass {
		streams <- Stream{Proxy: s.Proxy, Conn: s.Conn, Direction: s.Direction, Seed: s.Seed}
		return func(c Chunk, next func(Chunk)) { next(c) }
	}})
	for want := 1; want <= 2; want++ {
		conn := dial(t, p.Addr())
		fmt.Fprintln(conn, "x")
		if _, err := bufio.NewReader(conn).ReadString('\n'); err != nil {
			t.Fatal(err)
		}
		for _, direction := range []Direction{Request, Response} {
			s := <-streams
			if s.Proxy != "a-1 -> b-1" || s.Conn != want || s.Direction != direction || s.Seed != streamSeed(1, &s) {
				t.Errorf("got %+v, want connection %d, %s, with a seed that follows from 1", s, want, direction)
			}
		}
		if _, err := p.Refuse(t.Context()); err != nil {
			t.Fatal(err)
		}
		if _, err := p.Accept(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
}

func TestNothingIsLeftWhenClientsVanish(t *testing.T) {
	flood := func(conn net.Conn) {
		for block := make([]byte, 64<<10); ; {
			if _, err := conn.Write(block); err != nil {
				return
			}
		}
	}
	p := proxyTo(t, serveOn(t, flood))
	vanish := func() {
		conn := dial(t, p.Addr())
		if _, err := io.CopyN(io.Discard, conn, 1<<20); err != nil {
			t.Fatal(err)
		}
		_ = conn.SetLinger(0)
		conn.Close()
	}
	atMost := func(goroutines int) {
		t.Helper()
		await.NoError(t, func() error {
			if live, now := p.line.live(), runtime.NumGoroutine(); live > 0 || now > goroutines {
				return fmt.Errorf("%d connections and %d goroutines are left, before there were %d", live, now, goroutines)
			}
			return nil
		})
	}
	idle := runtime.NumGoroutine() + 1 // Toxiproxy may still be about to start one of its two
	vanish()
	atMost(idle)
	idle = runtime.NumGoroutine()
	for range 20 {
		vanish()
	}
	atMost(idle)
}

func TestAServersFarewellReachesTheClient(t *testing.T) {
	p := proxyTo(t, serveOn(t, func(conn net.Conn) { fmt.Fprint(conn, "bye") }))
	conn := dial(t, p.Addr())
	if got, err := io.ReadAll(conn); err != nil || string(got) != "bye" {
		t.Errorf("got %q, %v; want bye and the end", got, err)
	}
}

func TestRefuseReturnsThoughTheProxyIsStuckDialling(t *testing.T) {
	upstream := deafAddr(t)
	p := proxyTo(t, upstream)
	dial(t, p.Addr()) // accepted, and never connected any further
	await.NoError(t, func() error {
		if err := ports.Probe(p.Addr()); err == nil {
			return errors.New("the proxy does not listen")
		}
		return nil
	})
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	begin := time.Now()
	if _, err := p.Refuse(ctx); err != nil {
		t.Fatal(err)
	}
	if took := time.Since(begin); took > 30*time.Second {
		t.Errorf("it took %s", took)
	}
	if _, err := p.Accept(t.Context()); err != nil {
		t.Fatalf("it did not get its port back: %v", err)
	}
	dial(t, p.Addr())
}

func TestProxiesAreRaceFree(t *testing.T) {
	p := proxyTo(t, serveOn(t, echo))
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range 20 {
				conn, err := net.Dial("tcp", p.Addr())
				if err != nil {
					continue // it refuses just now
				}
				fmt.Fprintln(conn, "x")
				_, _ = bufio.NewReader(conn).ReadString('\n')
				conn.Close()
			}
		})
	}
	wg.Go(func() {
		for range 20 {
			e := &passing{func(c Chunk, next func(Chunk)) { next(c) }}
			p.Add(e)
			p.Remove(e)
		}
	})
	wg.Go(func() {
		for range 5 {
			if _, err := p.Refuse(t.Context()); err != nil {
				t.Error(err)
			}
			if _, err := p.Accept(t.Context()); err != nil {
				t.Error(err)
			}
		}
	})
	wg.Wait()
	conn := dial(t, p.Addr())
	fmt.Fprintln(conn, "x")
	if _, err := bufio.NewReader(conn).ReadString('\n'); err != nil {
		t.Errorf("in the end it does not work: %v", err)
	}
}

// BenchmarkRoundTrip is what a proxy without faults costs one call and its answer.
func BenchmarkRoundTrip(b *testing.B) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	defer l.Close()
	go func() {
		for conn, err := l.Accept(); err == nil; conn, err = l.Accept() {
			go echo(conn)
		}
	}()
	proxies, err := startProxies([]pair{{client: "a-1", server: "b-1", listen: "127.0.0.1:0", upstream: l.Addr().String()}}, Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer proxies[0].close()
	for name, addr := range map[string]string{"direct": l.Addr().String(), "proxied": proxies[0].line.toxi.Listen} {
		b.Run(name, func(b *testing.B) {
			conn, err := net.Dial("tcp", addr)
			if err != nil {
				b.Fatal(err)
			}
			defer conn.Close()
			for block := make([]byte, 100); b.Loop(); {
				if _, err := conn.Write(block); err != nil {
					b.Fatal(err)
				}
				if _, err := io.ReadFull(conn, block); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
