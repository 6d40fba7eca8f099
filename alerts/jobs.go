package alerts

import "strings"

// Services are the shop's services by their names in system/shop.yaml, which are the values of the label job.
var Services = []string{"gateway", "user", "product", "cart", "order", "inventory", "payment", "shipping", "notification"}

// OfTheShop is the matcher that every selector of a rule and of a dashboard carries, as it stands in PromQL. Most of the shop's
// metrics bear the names of OpenTelemetry's conventions, so that services of other teams export series of the same names into the
// same Prometheus; without the matcher their errors would raise our alerts.
var OfTheShop = `job=~"` + strings.Join(Services, "|") + `"`
