package links

import (
	"time"

	"stormglass/system/platform/resilience"
)

// neighbour is a service of ours that answers by gRPC from its own store.
func neighbour() resilience.Policy {
	return resilience.Policy{
		Deadline:       2 * time.Second,        // the longest that a shopper looks at a page that does not come
		AttemptTimeout: 500 * time.Millisecond, // five times the usual p99 of 100 ms
		Attempts:       3,                      // one may hit a dying instance, the next its replacement's start
		Backoff:        25 * time.Millisecond,  // a few times the usual answer: enough to land elsewhere
		MaxBackoff:     200 * time.Millisecond, // three attempts and their pauses fit into the deadline
		RetryRatio:     0.2,                    // at most a fifth more load on a neighbour in trouble
		RetryBurst:     20,                     // a second of traffic rides over one blip
		Breaker:        breaker(5),             // one page alone, with all its retries, cannot open it
		Bulkhead:       64,                     // 640 calls/s at 100 ms each: twice the burst that we promise
		BulkheadWait:   50 * time.Millisecond,  // a short queue smooths a burst, a long one only hides it
	}
}

// asker is a neighbour that asks others itself before it answers, or hashes a password.
func asker() resilience.Policy {
	p := neighbour()
	p.AttemptTimeout = time.Second // its own calls get a try and a second one within this
	p.Attempts = 2                 // a third would not fit into the deadline
	p.Backoff = p.MaxBackoff       // the only retry should come after the 50 ms in which a lost connection is made again
	p.Breaker.MinCalls = 4         // its failures come late, and checkouts are a small share of the traffic
	p.Bulkhead = 128               // 300 calls/s at 400 ms each, an asker's p99 in the burst that we promise
	return p
}

// inner is a neighbour asked by an asker, within the time that this one has.
func inner() resilience.Policy {
	p := neighbour()
	p.Deadline = 900 * time.Millisecond       // leaves the asker time to degrade or to say so
	p.AttemptTimeout = 400 * time.Millisecond // two of them fit, with a pause
	p.Attempts = 2
	return p
}

// keys fetches the user service's public keys, in the background, rarely.
func keys() resilience.Policy {
	p := neighbour()
	p.AttemptTimeout = time.Second // no shopper waits for it
	p.Deadline = 3 * time.Second
	p.Breaker.MinCalls = 3 // few calls: three that fail are all there were
	p.Bulkhead = 2         // one refresh, and one asked for by an unknown key
	p.BulkheadWait = 0     // who finds both taken uses the keys it has
	return p
}

// company is another firm's HTTP interface, called by durable work under idempotency keys.
func company() resilience.Policy {
	return resilience.Policy{
		Deadline:       4 * time.Second,         // two attempts and what a company may ask us to wait
		AttemptTimeout: 1500 * time.Millisecond, // across the internet; a charge may pass through two banks
		Attempts:       2,                       // one blip is ours to ride over, the rest is the worker's
		Backoff:        100 * time.Millisecond,  // about one answer's time
		MaxBackoff:     400 * time.Millisecond,
		RetryRatio:     0.1,                    // a guest retries less than a colleague
		RetryBurst:     10,                     // half a second of the traffic
		Breaker:        breaker(3),             // few calls in flight; to open costs nothing, the work waits in a table
		Bulkhead:       32,                     // more than the workers have at once: holds only a defect back
		BulkheadWait:   100 * time.Millisecond, // nobody waits but a worker
	}
}

// mailbox sends by SMTP, which knows no keys: only the worker may decide to send a message again.
func mailbox() resilience.Policy {
	p := company()
	p.Deadline = 2 * time.Second
	p.AttemptTimeout = 2 * time.Second // five round trips, and a greeting that may be slow on purpose
	p.Attempts = 1
	return p
}

// broker confirms what is published and settled. Each message has an id, so that publishing it again is harmless.
func broker() resilience.Policy {
	return resilience.Policy{
		Deadline:       2 * time.Second,        // then the relay tries again by itself, with its whole backlog
		AttemptTimeout: 500 * time.Millisecond, // a synced batch of 1,000 takes about 15 ms
		Attempts:       3,                      // a broker that restarts is back within a second
		Backoff:        50 * time.Millisecond,  // about the time in which the client reconnects
		MaxBackoff:     250 * time.Millisecond,
		RetryRatio:     0.2,
		RetryBurst:     20,
		Breaker:        breaker(3), // relays publish one after the other, so that there are few calls to judge by
		Bulkhead:       64,         // relay, consumers, acknowledgements, and the depth's poll
		BulkheadWait:   50 * time.Millisecond,
	}
}

// database wraps whole transactions, of one order or of a batch of events.
func database() resilience.Policy {
	return resilience.Policy{
		Deadline:       5 * time.Second,        // for batches; a request's own deadline is earlier
		AttemptTimeout: 2 * time.Second,        // a batch of events takes at most about 500 ms, usually 50: room for a checkpoint
		Attempts:       3,                      // transactions that got into each other's way succeed in turn
		Backoff:        10 * time.Millisecond,  // a few transactions' time
		MaxBackoff:     100 * time.Millisecond, // longer than any that commits
		RetryRatio:     0.2,
		RetryBurst:     20,
		Breaker:        breaker(3),             // consumers use one transaction at a time
		Bulkhead:       32,                     // twice the pool: one waits for each that works
		BulkheadWait:   250 * time.Millisecond, // a short commit burst is worth the wait
	}
}

// documents is the catalogue's database.
func documents() resilience.Policy {
	p := neighbour()
	p.AttemptTimeout = time.Second // seeding writes, and the index reads, hundreds of products at once
	p.Attempts = 2
	return p
}

// cache holds the carts: small values by key.
func cache() resilience.Policy {
	p := neighbour()
	p.Deadline = time.Second                  // half of what the cart service has
	p.AttemptTimeout = 250 * time.Millisecond // hundreds of times its usual answer
	p.Backoff = 10 * time.Millisecond
	p.MaxBackoff = 50 * time.Millisecond
	return p
}

// breaker opens when half of the last two seconds' attempts failed, minCalls of them at least.
func breaker(minCalls int) resilience.Breaker {
	return resilience.Breaker{
		FailureRatio: 0.5,                    // most callers fail: then asking costs more than it gives
		MinCalls:     minCalls,               // fewer say nothing
		Window:       2 * time.Second,        // an outage outweighs the good calls before it in a second
		OpenFor:      500 * time.Millisecond, // with two probes this is no load, and the return is noticed soon
		Probes:       2,                      // one success can be luck
	}
}
