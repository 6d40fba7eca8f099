package cart

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
)

// row is what the audit shows of a cart.
type row struct {
	User    UserID  `json:"user_id"`
	Version Version `json:"version"`
	// Items is JSON in a text, as a database would have it.
	Items string `json:"items"`
}

// audit answers GET /audit with every cart that holds something, in the form in which all services answer.
func (s *carts) audit(service string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		rows, err := s.rows(r.Context())
		if err != nil {
			http.Error(w, "the cache cannot be read", http.StatusServiceUnavailable)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(map[string]any{"service": service, "tables": map[string]any{"carts": rows}}) // the client has left
	}
}

// rows gives the carts in the order of their users: the cache lists its keys in any order, and two audits of carts that did not
// change must be the same to the byte.
func (s *carts) rows(ctx context.Context) ([]row, error) {
	rows := []row{}
	err := s.each(ctx, func(user UserID, c Cart) error {
		items, err := json.Marshal(c.Items)
		rows = append(rows, row{user, c.Version, string(items)})
		return err
	})
	slices.SortFunc(rows, func(a, b row) int { return strings.Compare(string(a.User), string(b.User)) })
	return rows, err
}
