package catalogue

func lighting() shelf {
	return shelf{
		slug: "lighting", name: "Lighting",
		brands:    []string{"Lumora", "Halvard Lys", "Brightwell", "Tessel", "Ostrava Glass", "Fennick"},
		models:    []string{"Arc", "Halo", "Pinnacle", "Mora", "Vesper", "Slate", "Orbit", "Linden", "Quill"},
		materials: []string{"brushed aluminium", "smoked glass", "solid ash", "powder-coated steel", "woven paper"},
		colours:   []string{"warm white", "graphite", "brass", "moss green", "clay"},
		remarks:   []string{"The bulb is included and can be replaced.", "Dims without flicker down to five percent.", "Three years of warranty.", "Ready to hang or stand in five minutes."},
		kinds: []kind{
			{"Desk Lamp", 29, 149, "A lamp for long evenings that lights the page and spares the eyes.", "height", []string{"38 cm", "45 cm", "52 cm"}},
			{"Floor Lamp", 79, 329, "A tall light for the corner where you read.", "height", []string{"145 cm", "160 cm", "178 cm"}},
			{"Pendant Light", 49, 259, "A hanging light that gathers people around the table.", "diameter", []string{"24 cm", "32 cm", "45 cm"}},
			{"Wall Sconce", 35, 139, "A quiet light for hallways and bedsides.", "depth", []string{"9 cm", "12 cm"}},
			{"Bedside Lamp", 24, 99, "A small lamp with a touch dimmer for the last pages of the day.", "height", []string{"22 cm", "28 cm", "31 cm"}},
			{"Clip Light", 14, 49, "A light that clips on to shelves, easels and headboards.", "cable", []string{"1.5 m", "2 m", "rechargeable"}},
			{"String Lights", 12, 59, "Warm points of light for balconies and birthdays.", "length", []string{"5 m", "10 m", "20 m"}},
		},
	}
}

func kitchen() shelf {
	return shelf{
		slug: "kitchen", name: "Kitchen",
		brands:    []string{"Hearthside", "Tern & Vale", "Cuvelle", "Ironbark", "Maribo", "Saltmill"},
		models:    []string{"Fold", "Harvest", "Brae", "Copperline", "Nordic", "Atelier", "Rustic", "Plain", "Sable"},
		materials: []string{"stainless steel", "cast iron", "beech wood", "stoneware", "carbon steel"},
		colours:   []string{"black", "cream", "steel", "sage", "terracotta"},
		remarks:   []string{"Goes into the dishwasher.", "Wash by hand and it will outlive you.", "Works on induction, gas and ceramic.", "Ten years of warranty against defects."},
		kinds: []kind{
			{"Frying Pan", 24, 119, "An all-round pan that browns evenly and lets go of what it fries.", "diameter", []string{"20 cm", "24 cm", "28 cm"}},
			{"Chef Knife", 29, 189, "A blade with a belly for rocking and a spine for crushing garlic.", "blade", []string{"18 cm", "20 cm", "24 cm"}},
			{"Saucepan", 22, 99, "A pan with two spouts and a lid that strains.", "volume", []string{"1.5 l", "2 l", "3 l"}},
			{"Cutting Board", 15, 79, "A board with a juice groove, heavy enough to stay where it is.", "size", []string{"30 x 20 cm", "40 x 28 cm", "50 x 35 cm"}},
			{"Mixing Bowl Set", 19, 69, "Bowls that nest in the cupboard and stand firm under a whisk.", "pieces", []string{"3", "4", "5"}},
			{"Casserole", 49, 249, "A heavy pot that turns cheap cuts into Sunday dinners.", "volume", []string{"3.5 l", "4.7 l", "6.3 l"}},
			{"Pepper Mill", 18, 75, "A mill with a ceramic grinder, from dust to cracked corns.", "height", []string{"14 cm", "21 cm"}},
		},
	}
}

func furniture() shelf {
	return shelf{
		slug: "furniture", name: "Furniture",
		brands:    []string{"Holmgaard", "Oakfield", "Tessel", "Branch & Beam", "Stuga", "Vantaa"},
		models:    []string{"Aske", "Birk", "Carve", "Dovetail", "Elmwood", "Fjell", "Grove", "Hedda", "Isle"},
		materials: []string{"solid oak", "walnut veneer", "birch plywood", "bent ash", "recycled steel"},
		colours:   []string{"natural", "smoked", "black", "white", "honey"},
		remarks:   []string{"Comes flat, with the one tool it needs.", "Wood from certified forests.", "Carries 120 kg.", "Delivered to the room of your choice."},
		kinds: []kind{
			{"Dining Chair", 69, 289, "A chair for three courses and the conversation after.", "seat height", []string{"44 cm", "45 cm", "46 cm"}},
			{"Bookshelf", 99, 549, "Shelves that do not sag, whatever you read.", "width", []string{"60 cm", "80 cm", "120 cm"}},
			{"Coffee Table", 89, 449, "A low table that forgives a forgotten glass.", "diameter", []string{"60 cm", "75 cm", "90 cm"}},
			{"Writing Desk", 149, 699, "A desk with a drawer for what nobody should see.", "width", []string{"100 cm", "120 cm", "140 cm"}},
			{"Bar Stool", 59, 229, "A stool with a rest for tired feet.", "seat height", []string{"65 cm", "75 cm"}},
			{"Bench", 79, 359, "A bench for hallways, gardens and too many guests.", "length", []string{"90 cm", "120 cm", "160 cm"}},
			{"Side Table", 39, 179, "A small table with room for a lamp and a cup.", "height", []string{"45 cm", "50 cm", "58 cm"}},
		},
	}
}

func bedAndBath() shelf {
	return shelf{
		slug: "bed-bath", name: "Bed & Bath",
		brands:    []string{"Linnea", "Down & Loom", "Marisol", "Brightwell", "Softwater", "Kettering Mills"},
		models:    []string{"Cloud", "Drift", "Haven", "Meadow", "Lagoon", "Ripple", "Siesta", "Tide", "Dune"},
		materials: []string{"organic cotton", "washed linen", "bamboo viscose", "merino wool", "cotton waffle"},
		colours:   []string{"white", "sand", "dusk blue", "rose", "charcoal", "eucalyptus"},
		remarks:   []string{"Washes at 60 degrees.", "Softer with every wash.", "Tested for harmful substances.", "Woven in Portugal."},
		kinds: []kind{
			{"Bath Towel", 12, 49, "A thick towel that is dry again by evening.", "size", []string{"70 x 140 cm", "80 x 150 cm", "100 x 160 cm"}},
			{"Duvet Cover", 39, 179, "A cover that breathes in summer and warms in winter.", "size", []string{"135 x 200 cm", "155 x 220 cm", "200 x 200 cm"}},
			{"Pillow", 19, 119, "A pillow that holds its shape and your head.", "firmness", []string{"soft", "medium", "firm"}},
			{"Bathrobe", 39, 139, "A robe for slow Sunday mornings.", "size", []string{"S", "M", "L", "XL"}},
			{"Wool Blanket", 49, 219, "A blanket for the sofa, the balcony and the train.", "size", []string{"130 x 170 cm", "140 x 200 cm", "180 x 220 cm"}},
			{"Bath Mat", 14, 59, "A mat that swallows the water and stays where it is.", "size", []string{"50 x 70 cm", "60 x 100 cm"}},
			{"Fitted Sheet", 19, 89, "A sheet whose corners hold all night.", "size", []string{"90 x 200 cm", "140 x 200 cm", "180 x 200 cm"}},
		},
	}
}
