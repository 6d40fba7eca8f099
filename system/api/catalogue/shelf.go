package catalogue

// shelf is a category with the words that its products are made of.
type shelf struct {
	slug, name string
	brands     []string
	// models are what makers call their lines; at least as many as there are variants, or titles would repeat.
	models  []string
	colours []string
	// remarks close a description.
	remarks []string
	kinds   []kind
	// limited is how many pieces there are of its limited edition, where not limitedStock.
	limited int64
}

// kind is one sort of goods.
type kind struct {
	noun string
	// low and high are the prices of its cheapest and its dearest variant, in whole euros.
	low, high int64
	// does is a sentence that says what it is for.
	does string
	// materials are what its variants are made of.
	materials []string
	// spec is an attribute of this kind, with the values that its variants have.
	spec   string
	values []string
}

func shelves() []shelf {
	return []shelf{
		lighting(), kitchen(), furniture(), bedAndBath(), garden(), coffeeAndTea(),
		audio(), computing(), camping(), cycling(), toysAndGames(), stationery(),
	}
}
