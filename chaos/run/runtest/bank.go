package runtest

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"strings"
	"sync"
)

// bank charges each order once, however often it is asked, and keeps its books in a file that outlives it.
func bank() error {
	path := os.Getenv("BOOKS")
	before, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	charged := map[string]int{}
	for _, id := range strings.Fields(string(before)) {
		charged[id]++
	}
	books, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	var mu sync.Mutex
	mux := http.NewServeMux()
	mux.HandleFunc("POST /charges/{id}", func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		id := r.PathValue("id")
		if charged[id] > 0 {
			return
		}
		if _, err := fmt.Fprintln(books, id); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		charged[id]++
	})
	mux.HandleFunc("GET /books", func(w http.ResponseWriter, _ *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		_ = json.NewEncoder(w).Encode(map[string]any{"charges": charged})
	})
	return serve(map[string]*http.ServeMux{"HTTP_ADDR": mux})
}
