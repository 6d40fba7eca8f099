package local

import (
	"context"
	"errors"
	"fmt"

	"stormglass/system/platform/boot"
	"stormglass/system/platform/servers"
)

// Postgres runs PostgreSQL, each commit on disk before it is confirmed, until the program stops.
func Postgres(ctx context.Context, rt *boot.Runtime) error {
	var s struct {
		Settings
		Address   string      `env:"POSTGRES_ADDR,required,notEmpty"`
		Owner     string      `env:"OWNER,required,notEmpty"`
		Password  boot.Secret `env:"PASSWORD,required,notEmpty"`
		Databases []string    `env:"DATABASES"` // with commas between them
	}
	if err := boot.Settings(&s); err != nil {
		return err
	}
	p, err := servers.Postgres(servers.PostgresOptions{Owner: s.Owner, Password: string(s.Password), Databases: s.Databases, Durable: true})
	if err != nil {
		return missing(err)
	}
	return run(ctx, rt, p, s.Settings, s.Address)
}

// RabbitMQ runs RabbitMQ with one virtual host until the program stops.
func RabbitMQ(ctx context.Context, rt *boot.Runtime) error {
	var s struct {
		Settings
		Address     string      `env:"AMQP_ADDR,required,notEmpty"`
		Nodes       string      `env:"NODES_ADDR,required,notEmpty"` // where nodes of a cluster would meet it
		Names       string      `env:"NAMES_ADDR,required,notEmpty"` // where its register of nodes listens (epmd)
		User        string      `env:"OWNER,required,notEmpty"`
		Password    boot.Secret `env:"PASSWORD,required,notEmpty"`
		VirtualHost string      `env:"VIRTUAL_HOST,required,notEmpty"`
	}
	if err := boot.Settings(&s); err != nil {
		return err
	}
	p, err := servers.RabbitMQ(servers.RabbitOptions{User: s.User, Password: string(s.Password), VirtualHosts: []string{s.VirtualHost}})
	if err != nil {
		return missing(err)
	}
	return run(ctx, rt, p, s.Settings, s.Address, s.Nodes, s.Names)
}

// Redis runs Redis, each change on disk before it is answered, until the program stops.
func Redis(ctx context.Context, rt *boot.Runtime) error {
	var s struct {
		Settings
		Address string `env:"REDIS_ADDR,required,notEmpty"`
	}
	if err := boot.Settings(&s); err != nil {
		return err
	}
	p, err := servers.Redis(servers.RedisOptions{Durable: true})
	if err != nil {
		return missing(err)
	}
	return run(ctx, rt, p, s.Settings, s.Address)
}

// Check says which of the servers are not installed, each with what would bring it.
func Check() error {
	_, noPostgres := servers.Postgres(servers.PostgresOptions{})
	_, noRabbit := servers.RabbitMQ(servers.RabbitOptions{})
	_, noRedis := servers.Redis(servers.RedisOptions{})
	return errors.Join(noPostgres, noRabbit, noRedis)
}

// missing makes a server that is not installed the operator's to correct.
func missing(err error) error { return fmt.Errorf("%w: %w", boot.ErrUsage, err) }
