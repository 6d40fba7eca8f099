package e2e

import (
	"fmt"
	"net/http"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
)

// metrics reads what one service exports, by the names of the families.
func (s *shop) metrics(instance string) (map[string]*dto.MetricFamily, error) {
	url := "http://" + s.instance(instance).Addrs["admin"] + "/metrics"
	resp, err := s.web.Get(url)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("GET %s: %s", url, resp.Status)
	}
	parser := expfmt.NewTextParser(model.LegacyValidation)
	return parser.TextToMetricFamilies(resp.Body)
}
