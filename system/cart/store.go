package cart

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"stormglass/system/platform/problem"
)

const (
	// changeRounds is how often a change that loses against others of the same user starts anew.
	changeRounds = 16
	// versionLife is how much longer than a cart its version is remembered. It need not be remembered for ever, because
	// versions rise with time.
	versionLife = 30 * 24 * time.Hour
	// scanned is how many keys one step of an audit looks at.
	scanned = 500
)

// Keys of a user's cart: its items, which expire, and its version, which outlives them. The braces keep both on one
// server of a cluster.
func itemsKey(user UserID) string   { return "cart:{" + string(user) + "}:items" }
func versionKey(user UserID) string { return "cart:{" + string(user) + "}:version" }

// swap replaces a cart if it is still of the version that the change was made from; it says whether it was.
//
//	KEYS items, version   ARGV old version, new version, new items ("": none), life of items in ms, of version in ms
func swap() *redis.Script {
	return redis.NewScript(`
if (redis.call('GET', KEYS[2]) or '0') ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[2], ARGV[2], 'PX', ARGV[5])
if ARGV[3] == '' then
  redis.call('DEL', KEYS[1])
else
  redis.call('SET', KEYS[1], ARGV[3], 'PX', ARGV[4])
end
return 1`)
}

// carts keeps carts in the cache.
type carts struct {
	*cache
	swap *redis.Script
	// life is how long a cart is kept after its last change.
	life time.Duration
	now  func() time.Time
}

func newCarts(c *cache, life time.Duration, now func() time.Time) *carts {
	return &carts{c, swap(), life, now}
}

// Load gives a user's cart; one that does not exist is empty.
func (s *carts) Load(ctx context.Context, user UserID) (Cart, error) {
	return do(ctx, s.cache, "load cart", func(ctx context.Context) (Cart, error) { return s.load(ctx, user) })
}

func (s *carts) load(ctx context.Context, user UserID) (Cart, error) {
	values, err := s.client.MGet(ctx, itemsKey(user), versionKey(user)).Result()
	if err != nil {
		return Cart{}, fmt.Errorf("read cart: %w", err)
	}
	return decode(values)
}

// decode reads a cart from its two values; nil is a key that does not exist.
func decode(values []any) (c Cart, err error) {
	if text, ok := values[0].(string); ok {
		if err := json.Unmarshal([]byte(text), &c.Items); err != nil {
			return Cart{}, fmt.Errorf("decode items of cart: %w", err)
		}
	}
	if text, ok := values[1].(string); ok {
		version, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return Cart{}, fmt.Errorf("decode version of cart: %w", err)
		}
		c.Version = Version(version)
	}
	for i := range c.Items {
		if c.Items[i].Version == 0 { // written before lines had versions
			c.Items[i].Version = c.Version
		}
	}
	return c, nil
}

// Change applies a change to the cart as it is, and again if somebody else was faster. A change that changes nothing
// leaves the version as it is and only keeps the cart from expiring.
func (s *carts) Change(ctx context.Context, user UserID, change func(*Cart) error) (Cart, error) {
	return do(ctx, s.cache, "change cart", func(ctx context.Context) (Cart, error) {
		for range changeRounds {
			before, err := s.load(ctx, user)
			if err != nil {
				return Cart{}, err
			}
			after := Cart{Version: before.Version.after(s.now()), Items: slices.Clone(before.Items)}
			if err := change(&after); err != nil {
				return Cart{}, err
			}
			if slices.Equal(before.Items, after.Items) {
				return before, s.keep(ctx, user)
			}
			if swapped, err := s.trySwap(ctx, user, before.Version, after); swapped || err != nil {
				return after, err
			}
		}
		return Cart{}, problem.New(problem.Conflict, "cart_contended", "too many changes of this cart at once: read it, then try again")
	})
}

func (s *carts) trySwap(ctx context.Context, user UserID, from Version, to Cart) (bool, error) {
	items := ""
	if len(to.Items) > 0 {
		encoded, err := json.Marshal(to.Items)
		if err != nil {
			return false, fmt.Errorf("encode items of cart: %w", err)
		}
		items = string(encoded)
	}
	swapped, err := s.swap.Run(ctx, s.client, []string{itemsKey(user), versionKey(user)},
		int64(from), int64(to.Version), items, s.life.Milliseconds(), (s.life + versionLife).Milliseconds()).Bool()
	if err != nil {
		return false, fmt.Errorf("write cart: %w", err)
	}
	return swapped, nil
}

// keep begins the cart's life anew.
func (s *carts) keep(ctx context.Context, user UserID) error {
	_, err := s.client.Pipelined(ctx, func(p redis.Pipeliner) error {
		p.PExpire(ctx, itemsKey(user), s.life)
		p.PExpire(ctx, versionKey(user), s.life+versionLife)
		return nil
	})
	if err != nil {
		return fmt.Errorf("keep cart: %w", err)
	}
	return nil
}

// each shows every cart that holds something to visit.
func (s *carts) each(ctx context.Context, visit func(UserID, Cart) error) error {
	keys := s.client.Scan(ctx, 0, itemsKey("*"), scanned).Iterator()
	for keys.Next(ctx) {
		user := UserID(strings.TrimSuffix(strings.TrimPrefix(keys.Val(), "cart:{"), "}:items"))
		c, err := s.load(ctx, user)
		if err != nil {
			return err
		}
		if err := visit(user, c); err != nil {
			return err
		}
	}
	return keys.Err()
}
