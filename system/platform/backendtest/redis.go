package backendtest

import (
	"net/url"
	"testing"

	"stormglass/system/platform/servers"
)

var sharedRedis = redis().shared()

// Redis gives the Redis server of this test binary. Tests share its keys, so they use random ones.
func Redis(tb testing.TB) *Server {
	tb.Helper()
	s, err := sharedRedis()
	redis().must(tb, err)
	return s
}

func redis() kind {
	link := func(host string) *url.URL { return &url.URL{Scheme: "redis", Host: host, Path: "/0"} }
	return kind{
		name: "Redis", word: "REDIS",
		program: func() (*program, error) {
			p, err := servers.Redis(servers.RedisOptions{})
			return &program{p, link, answersRedis}, err
		},
		container: container{
			image: "REDIS_IMAGE", port: "6379/tcp", url: link, ready: answersRedis,
			run: []string{"redis-server", "--protected-mode", "no", "--save", ""}, // reached from outside the container
		},
	}
}

func answersRedis(u *url.URL) error { return servers.RedisReady(u.Host) }
