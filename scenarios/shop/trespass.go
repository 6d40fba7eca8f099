package shop

import (
	"fmt"
	"net/http"

	"stormglass/chaos/evidence"
	"stormglass/chaos/verdict"
)

// trespass is I7: somebody who tried another's order was told that there is none. A try whose answer was lost
// shows nothing, but must not have had its effect either.
func trespass(f *evidence.Folder) (verdict.Result, error) {
	rows, err := ordersByID(f)
	if err != nil {
		return verdict.Result{}, err
	}
	var t tally
	regretted, unanswered := map[string]bool{}, 0
	for _, o := range f.History {
		regretted[o.Fields["order_id"]] = regretted[o.Fields["order_id"]] || o.Name == opCancel
	}
	for _, o := range f.History {
		if o.Name != opTrespass {
			continue
		}
		order, there := rows[o.Fields["order_id"]]
		if there && o.Fields["what"] == "cancel" { // whatever was answered, and also where no answer came
			t.also(order.Reason != byCustomer || regretted[order.ID], "order %s, which is %s's, was cancelled by its customer, and only %s tried to", order.ID, order.User, o.Fields["user_id"])
		}
		if o.Status == 0 || o.Status >= 500 || o.Status == http.StatusTooManyRequests {
			unanswered++ // nothing was shown
			continue
		}
		if !there || order.User == o.Fields["user_id"] {
			return verdict.Result{}, fmt.Errorf("read operation %d: order %s is not there, or is the visitor's own", o.Seq, o.Fields["order_id"])
		}
		t.expect(o.Status == http.StatusNotFound, "%s by %s of order %s, which is %s's, was answered by %d", o.Fields["what"], o.Fields["user_id"], order.ID, order.User, o.Status)
	}
	return t.result("%d tries to follow or cancel another's order, and %d that were not answered", t.compared, unanswered), nil
}
