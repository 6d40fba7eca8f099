package main

import (
	"context"
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"stormglass/system/payment"
	"stormglass/system/platform/boot"
)

const refundsUsage = `usage: shop refunds list             cancelled orders whose money the card processor did not give back, with the reason
       shop refunds retry ORDER     make another refund; one that was made at the processor by hand is found
       shop refunds settle ORDER    the customer has the money on another way, such as a bank transfer

DATABASE_URL says where the payment service's database is; the service does what was asked for.`

// refunds lists and settles refunds that failed. It needs the payment service's DATABASE_URL.
func refunds(args []string, stdout, stderr io.Writer) int {
	var run func(ctx context.Context, o *payment.Operator) error
	switch {
	case len(args) == 1 && args[0] == "list":
		run = func(ctx context.Context, o *payment.Operator) error { return listRefunds(ctx, o, stdout) }
	case len(args) == 2 && args[0] == "retry":
		run = func(ctx context.Context, o *payment.Operator) error {
			return o.RetryRefund(ctx, payment.OrderID(args[1]))
		}
	case len(args) == 2 && args[0] == "settle":
		run = func(ctx context.Context, o *payment.Operator) error {
			return o.SettleRefund(ctx, payment.OrderID(args[1]))
		}
	default:
		fmt.Fprintln(stderr, refundsUsage)
		return boot.ExitUsage
	}
	code := boot.Once("payment", func(ctx context.Context, rt *boot.Runtime) error {
		operator, err := payment.ForOperator(ctx, rt)
		if err != nil {
			return err
		}
		return run(ctx, operator)
	}, stderr)
	if code == boot.ExitOK && args[0] != "list" {
		fmt.Fprintln(stdout, "done: the payment service takes it up within a second")
	}
	return code
}

func listRefunds(ctx context.Context, o *payment.Operator, stdout io.Writer) error {
	failed, err := o.FailedRefunds(ctx)
	if err != nil {
		return err
	}
	table := tabwriter.NewWriter(stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "ORDER\tCHARGE\tAMOUNT\tREASON\tSINCE")
	for _, p := range failed {
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\n", p.Order, p.Intent, p.Amount, p.Reason, p.Since.UTC().Format(time.RFC3339))
	}
	return table.Flush()
}
