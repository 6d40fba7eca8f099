package product

import (
	"encoding/json"
	"net/http"
)

// row is what the audit shows of a product.
type row struct {
	ID       ID     `json:"id"`
	Category string `json:"category"`
	Minor    int64  `json:"price_minor"`
	Currency string `json:"currency"`
	Updated  int64  `json:"updated_us"`
}

// audit answers GET /audit with every product as it is kept, in the form in which all services answer.
func (d *documents) audit(service string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		products, err := d.All(r.Context())
		if err != nil {
			http.Error(w, "the documents cannot be read", http.StatusServiceUnavailable)
			return
		}
		rows := make([]row, len(products))
		for i, p := range products {
			rows[i] = row{p.ID, p.Category, p.Price.Minor, p.Price.Currency, p.Updated.UnixMicro()}
		}
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(map[string]any{"service": service, "tables": map[string]any{"products": rows}}) // the client has left
	}
}
