package notification

import (
	"context"
	"slices"
	"time"

	"stormglass/system/platform/work"
)

// Company brings messages. Each has a worker of its own, so that the outage of one does not hold up the other.
type Company string

// The companies.
const (
	Mailbox   Company = "mailbox"
	Messenger Company = "messenger"
)

// company says who brings messages of a channel.
func (c Channel) company() Company {
	if c == Email {
		return Mailbox
	}
	return Messenger
}

// mostAtOnce is how many messages are taken up, and written down as done, by one transaction. As many may go out again
// when the process dies at the wrong moment.
const mostAtOnce = 16

// worker works off the messages that one company brings.
type worker struct {
	*work.Worker[[]Message]
	name string
}

// workers makes the workers, each with so many connections to its company, and lets them be woken.
func (s *Service) workers(connections int, lease time.Duration) []worker {
	var all []worker
	for _, c := range []Company{Mailbox, Messenger} {
		name := "notification." + string(c)
		all = append(all, worker{work.New(s.tel, work.Config{Name: name, Concurrency: connections, Lease: lease}, s.source(c)), name})
	}
	s.wake = func() {
		for _, w := range all {
			w.Wake()
		}
	}
	return all
}

// source gives a company's messages in bundles: a transaction costs more than a message, so a backlog is worked off by
// few. One message alone is a bundle too, and waits for no other.
func (s *Service) source(c Company) work.Source[[]Message] {
	table := toDo(s.db, c)
	claim := table.Claims()
	return work.Source[[]Message]{
		Claim: func(ctx context.Context, n int, lease time.Duration) ([][]Message, error) {
			claimed, err := claim(ctx, n*mostAtOnce, lease)
			return share(claimed, n), err
		},
		Do: s.deliver,
		Release: func(ctx context.Context, bundles [][]Message, notBefore time.Time) error {
			return table.Release(ctx, slices.Concat(bundles...), notBefore)
		},
		Backlog: table.Backlog,
	}
}

// fewest is how many messages are worth a bundle of their own: writing a bundle down costs as much as sending two.
const fewest = 6

// share deals messages out into at most n bundles of about the same size, but none smaller than it need be.
func share(all []Message, n int) [][]Message {
	if len(all) == 0 {
		return nil
	}
	return slices.Collect(slices.Chunk(all, max(fewest, (len(all)+n-1)/n)))
}
