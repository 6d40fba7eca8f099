package user

import (
	"context"
	"fmt"

	"google.golang.org/protobuf/proto"

	eventsv1 "stormglass/system/api/events/v1"
	"stormglass/system/platform/events"
	"stormglass/system/platform/store"
	"stormglass/system/platform/telemetry"
)

// publisher writes the events of users into the outbox.
type publisher struct {
	tel    *telemetry.Telemetry
	outbox *events.Outbox
}

func (p publisher) Registered(ctx context.Context, tx *store.Tx, u User) error {
	return p.add(ctx, tx, "user.registered.v1", u, &eventsv1.UserRegistered{UserId: string(u.ID), Email: string(u.Email), Name: u.Name, Phone: u.Phone})
}

func (p publisher) Changed(ctx context.Context, tx *store.Tx, u User) error {
	return p.add(ctx, tx, "user.changed.v1", u, &eventsv1.UserChanged{UserId: string(u.ID), Email: string(u.Email), Name: u.Name, Phone: u.Phone, Version: u.Version})
}

func (p publisher) add(ctx context.Context, tx *store.Tx, typ string, u User, payload proto.Message) error {
	e, err := events.New(ctx, p.tel, typ, string(u.ID), payload)
	if err != nil {
		return fmt.Errorf("make %s: %w", typ, err)
	}
	return p.outbox.Add(ctx, tx, e)
}
