package cell

// Proxy stands between two instances of a link.
type Proxy struct{}

// Name is such as "order-1 -> product-1".
func (p *Proxy) Name() string { return "" }
