package shop

import (
	"fmt"
	"net/http"

	"stormglass/chaos/evidence"
	"stormglass/chaos/verdict"
)

// trespass is I7: somebody who tried another's order was told that there is none.
func trespass(f *evidence.Folder) (verdict.Result, error) {
	rows, err := ordersByID(f)
	if err != nil {
		return verdict.Result{}, err
	}
	var t tally
	for _, o := range f.History {
		if o.Name != opTrespass || o.Status == 0 || o.Status >= 500 || o.Status == http.StatusTooManyRequests {
			continue // no answer, and nothing shown
		}
		order, there := rows[o.Fields["order_id"]]
		if !there || order.User == o.Fields["user_id"] {
			return verdict.Result{}, fmt.Errorf("read operation %d: order %s is not there, or is the visitor's own", o.Seq, o.Fields["order_id"])
		}
		t.expect(o.Status == http.StatusNotFound, "%s by %s of order %s, which is %s's, was answered by %d", o.Fields["what"], o.Fields["user_id"], order.ID, order.User, o.Status)
	}
	return t.result("%d tries to follow or cancel another's order", t.compared), nil
}
