package telemetry

// Kind is a metric's type in Prometheus.
type Kind string

// The kinds.
const (
	Counter   Kind = "counter"
	Gauge     Kind = "gauge"
	Histogram Kind = "histogram"
)

// Metric is one entry of the catalogue: all that a dashboard, an alert or a reader needs to know of a name.
type Metric struct {
	Name   string
	Kind   Kind
	Help   string
	Labels []string
	// Buckets are a histogram's upper bounds in the metric's unit.
	Buckets []float64
}

// seconds suits calls of half a millisecond up to ten seconds.
var seconds = []float64{.0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10}

// sagaSeconds suits whole orders: tens of milliseconds up to minutes.
var sagaSeconds = []float64{.025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60, 120, 300}

// The catalogue. Nothing is exported outside it but the Go runtime's and the process's own metrics. Names follow
// OpenTelemetry's semantic conventions in their Prometheus form where there is one; `shop_` marks the rest.
//
// A link is always two labels, client and server; client is also a label on the server's own side, taken from the name
// that travels with each call.
var (
	// RED of the servers.
	HTTPServerDuration = Metric{"http_server_request_duration_seconds", Histogram, "Duration of an HTTP request at the server.", []string{"http_request_method", "http_route", "http_response_status_code"}, seconds}
	RPCServerDuration  = Metric{"rpc_server_call_duration_seconds", Histogram, "Duration of an RPC at the server.", []string{"rpc_method", "rpc_response_status_code", "client"}, seconds}
	HTTPServerActive   = Metric{"http_server_active_requests", Gauge, "HTTP requests being served.", nil, nil}

	// Links: one operation may be several attempts; each refusal of our own is counted apart.
	LinkDuration    = Metric{"shop_link_operation_duration_seconds", Histogram, "Duration of a whole operation on a link, retries included.", []string{"client", "server", "operation", "outcome"}, seconds}
	LinkAttempts    = Metric{"shop_link_attempts_total", Counter, "Attempts that really went out on a link, by what they came to.", []string{"client", "server", "outcome"}, nil}
	LinkRetries     = Metric{"shop_link_retries_total", Counter, "Attempts after the first one of an operation.", []string{"client", "server"}, nil}
	LinkRefusals    = Metric{"shop_link_refusals_total", Counter, "Attempts that our own policy refused: breaker_open, bulkhead_full, retry_budget_spent.", []string{"client", "server", "reason"}, nil}
	LinkFallbacks   = Metric{"shop_link_fallbacks_total", Counter, "Operations that were answered by their fallback.", []string{"client", "server", "operation"}, nil}
	LinkInFlight    = Metric{"shop_link_in_flight", Gauge, "Attempts on a link that are under way.", []string{"client", "server"}, nil}
	LinkBulkhead    = Metric{"shop_link_bulkhead_limit", Gauge, "How many attempts the bulkhead lets out at once.", []string{"client", "server"}, nil}
	LinkRetryBudget = Metric{"shop_link_retry_budget_available", Gauge, "Retries that the link's budget would allow now.", []string{"client", "server"}, nil}
	BreakerState    = Metric{"shop_breaker_state", Gauge, "State of a link's circuit breaker: 0 closed, 1 half-open, 2 open.", []string{"client", "server"}, nil}
	BreakerChanges  = Metric{"shop_breaker_transitions_total", Counter, "State changes of a link's circuit breaker, by the state it went to.", []string{"client", "server", "to"}, nil}

	// Backlogs: queues of the broker, outboxes, and durable work inside a service, all by the same two names.
	BacklogDepth    = Metric{"shop_backlog_depth", Gauge, "What waits in a queue, an outbox or a list of durable work.", []string{"backlog"}, nil}
	BacklogAge      = Metric{"shop_backlog_oldest_age_seconds", Gauge, "Age of the oldest thing that waits.", []string{"backlog"}, nil}
	BacklogPaused   = Metric{"shop_backlog_paused", Gauge, "1 while a consumer or worker waits for a dependency to come back.", []string{"backlog"}, nil}
	DeadLetters     = Metric{"shop_dead_letters", Gauge, "Events in a queue's dead-letter queue.", []string{"queue"}, nil}
	DeadLettered    = Metric{"shop_dead_lettered_total", Counter, "Events that were given up and put into the dead-letter queue.", []string{"queue", "type"}, nil}
	ProcessDuration = Metric{"messaging_process_duration_seconds", Histogram, "Duration of the handling of one batch or one piece of work, by what it came to.", []string{"backlog", "outcome"}, seconds}
	EventsPublished = Metric{"messaging_client_sent_messages_total", Counter, "Events that the broker confirmed.", []string{"type"}, nil}
	EventsConsumed  = Metric{"messaging_client_consumed_messages_total", Counter, "Events that were settled, by what they came to: applied, duplicate, dead.", []string{"queue", "type", "outcome"}, nil}
	EventLag        = Metric{"shop_event_lag_seconds", Histogram, "From an event's commit at its producer to its commit at this consumer.", []string{"queue"}, seconds}

	// Databases and other pools.
	DBDuration    = Metric{"db_client_operation_duration_seconds", Histogram, "Duration of a transaction.", []string{"db_operation_name", "outcome"}, seconds}
	DBConnections = Metric{"db_client_connection_count", Gauge, "Connections of the pool by state: used, idle.", []string{"state"}, nil}
	DBConnMax     = Metric{"db_client_connection_max", Gauge, "The most connections the pool opens.", nil, nil}
	DBPending     = Metric{"db_client_connection_pending_requests_total", Counter, "Times a transaction waited for a connection.", nil, nil}

	// The gateway's door.
	GatewayShed  = Metric{"shop_gateway_shed_total", Counter, "Requests turned away at the door: rate_limit, concurrency.", []string{"reason"}, nil}
	GatewayCache = Metric{"shop_gateway_cache_total", Counter, "Cached reads by result: hit, miss, stale.", []string{"result"}, nil}

	// Identity.
	PasswordHashing = Metric{"shop_password_hashing_in_flight", Gauge, "Passwords being hashed.", nil, nil}
	TokenReuse      = Metric{"shop_refresh_token_reuse_total", Counter, "Refresh tokens used again after their grace; their family was revoked.", nil, nil}

	// The business.
	OrdersTotal     = Metric{"shop_orders_total", Counter, "Orders by the state that they entered.", []string{"state", "reason"}, nil}
	SagaDuration    = Metric{"shop_saga_duration_seconds", Histogram, "From an order's creation to its final state.", []string{"outcome"}, sagaSeconds}
	SagaOldest      = Metric{"shop_saga_oldest_open_age_seconds", Gauge, "Age of the oldest order that is not final.", nil, nil}
	RevenueTotal    = Metric{"shop_revenue_minor_units_total", Counter, "Money of confirmed orders.", []string{"currency"}, nil}
	RefundedTotal   = Metric{"shop_refunded_minor_units_total", Counter, "Money given back; what a customer's bank returned is counted again when it is refunded anew.", []string{"currency"}, nil}
	FunnelTotal     = Metric{"shop_funnel_total", Counter, "Steps of shoppers: product_viewed, cart_filled, checkout_started, order_accepted.", []string{"step"}, nil}
	StockReserved   = Metric{"shop_stock_units", Gauge, "Units of stock: available, reserved, sold.", []string{"state"}, nil}
	PaymentsTotal   = Metric{"shop_payments_total", Counter, "Payments by what they came to.", []string{"state"}, nil}
	MessagesSent    = Metric{"shop_notifications_total", Counter, "Messages to customers.", []string{"channel", "outcome"}, nil}
	ReservationsDue = Metric{"shop_reservations_expired_total", Counter, "Reservations that expired without a decision.", nil, nil}

	// People must act on these: the rules in alerts/rules/business.yaml tell them.
	ConfirmedOldest     = Metric{"shop_order_confirmed_oldest_age_seconds", Gauge, "Age of the oldest order that is paid and not on its way.", nil, nil}
	ReservationsOverdue = Metric{"shop_reservations_overdue", Gauge, "Reservations that are still held although their time is up.", nil, nil}
	ReservationsShort   = Metric{"shop_reservations_short_total", Counter, "Confirmed orders whose reservation had expired and whose goods were gone.", nil, nil}
	RefundsFailed       = Metric{"shop_refunds_failed", Gauge, "Cancelled orders whose money the card processor did not give back; an operator must settle them.", nil, nil}
	LedgerMismatches    = Metric{"shop_ledger_mismatches", Gauge, "Charges on which our books and the card processor's do not agree: unknown, missing, amount, kept, not_taken.", []string{"kind"}, nil}
	LedgerCompared      = Metric{"shop_ledger_compared_total", Counter, "Charges that were compared with the card processor's books.", nil, nil}
	LedgerUnchecked     = Metric{"shop_ledger_unchecked_age_seconds", Gauge, "How far back our books were not compared with the card processor's yet.", nil, nil}

	// Up is 1 while the program runs; its labels say which build.
	BuildInfo = Metric{"shop_build_info", Gauge, "1; the labels tell the build.", []string{"version", "go_version"}, nil}
	Ready     = Metric{"shop_ready", Gauge, "1 when the service is ready.", nil, nil}
	Degraded  = Metric{"shop_degraded", Gauge, "1 while a named dependency that we can do without is away.", []string{"dependency"}, nil}
)

// Catalogue lists every metric there is, in the order above.
func Catalogue() []Metric {
	return []Metric{
		HTTPServerDuration, RPCServerDuration, HTTPServerActive,
		LinkDuration, LinkAttempts, LinkRetries, LinkRefusals, LinkFallbacks, LinkInFlight, LinkBulkhead, LinkRetryBudget, BreakerState, BreakerChanges,
		BacklogDepth, BacklogAge, BacklogPaused, DeadLetters, DeadLettered, ProcessDuration, EventsPublished, EventsConsumed, EventLag,
		DBDuration, DBConnections, DBConnMax, DBPending,
		GatewayShed, GatewayCache, PasswordHashing, TokenReuse,
		OrdersTotal, SagaDuration, SagaOldest, RevenueTotal, RefundedTotal, FunnelTotal, StockReserved, PaymentsTotal, MessagesSent, ReservationsDue,
		ConfirmedOldest, ReservationsOverdue, ReservationsShort, RefundsFailed, LedgerMismatches, LedgerCompared, LedgerUnchecked,
		BuildInfo, Ready, Degraded,
	}
}
