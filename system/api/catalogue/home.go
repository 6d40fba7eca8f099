package catalogue

func lighting() shelf {
	return shelf{
		slug: "lighting", name: "Lighting",
		brands:  []string{"Lumora", "Halvard Lys", "Brightwell", "Tessel", "Ostrava Glass", "Fennick"},
		models:  []string{"Arc", "Halo", "Pinnacle", "Mora", "Vesper", "Slate", "Orbit", "Linden", "Quill"},
		colours: []string{"warm white", "graphite", "brass", "moss green", "clay"},
		remarks: []string{"The light source can be replaced.", "Dims without flicker down to five percent.", "Three years of warranty.", "Ready in five minutes."},
		kinds: []kind{
			{"Desk Lamp", 29, 149, "A lamp for long evenings that lights the page and spares the eyes.",
				[]string{"powder-coated steel", "brushed aluminium", "ash and steel"}, "height", []string{"38 cm", "45 cm", "52 cm"}},
			{"Floor Lamp", 79, 329, "A tall light for the corner where you read.",
				[]string{"brushed aluminium", "solid ash", "powder-coated steel"}, "height", []string{"145 cm", "160 cm", "178 cm"}},
			{"Pendant Light", 49, 259, "A hanging light that gathers people around the table.",
				[]string{"smoked glass", "woven paper", "spun aluminium"}, "diameter", []string{"24 cm", "32 cm", "45 cm"}},
			{"Wall Sconce", 35, 139, "A quiet light for hallways and bedsides.",
				[]string{"smoked glass", "powder-coated steel", "ceramic"}, "depth", []string{"9 cm", "12 cm"}},
			{"Bedside Lamp", 24, 99, "A small lamp with a touch dimmer for the last pages of the day.",
				[]string{"opal glass", "ceramic", "turned ash"}, "height", []string{"22 cm", "28 cm", "31 cm"}},
			{"Clip Light", 14, 49, "A light that clips on to shelves, easels and headboards.",
				[]string{"powder-coated steel", "brushed aluminium"}, "cable", []string{"1.5 m", "2 m", "rechargeable"}},
			{"String Lights", 12, 59, "Warm points of light for balconies and birthdays.",
				[]string{"copper wire", "recycled plastic"}, "length", []string{"5 m", "10 m", "20 m"}},
		},
	}
}

func kitchen() shelf {
	return shelf{
		slug: "kitchen", name: "Kitchen",
		brands:  []string{"Hearthside", "Tern & Vale", "Cuvelle", "Ironbark", "Maribo", "Saltmill"},
		models:  []string{"Fold", "Harvest", "Brae", "Copperline", "Nordic", "Atelier", "Rustic", "Plain", "Sable"},
		colours: []string{"black", "cream", "steel", "sage", "terracotta"},
		remarks: []string{"Wipes clean in a moment.", "Wash by hand and it will outlive you.", "Made for kitchens that are used.", "Ten years of warranty against defects."},
		kinds: []kind{
			{"Frying Pan", 24, 119, "An all-round pan that browns evenly and lets go of what it fries.",
				[]string{"carbon steel", "cast iron", "stainless steel"}, "diameter", []string{"20 cm", "24 cm", "28 cm"}},
			{"Chef Knife", 29, 189, "A blade with a belly for rocking and a spine for crushing garlic.",
				[]string{"stainless steel", "carbon steel", "layered steel"}, "blade", []string{"18 cm", "20 cm", "24 cm"}},
			{"Saucepan", 22, 99, "A pan with two spouts and a lid that strains.",
				[]string{"stainless steel", "enamelled steel", "copper"}, "volume", []string{"1.5 l", "2 l", "3 l"}},
			{"Cutting Board", 15, 79, "A board with a juice groove, heavy enough to stay where it is.",
				[]string{"beech wood", "oak end grain", "bamboo"}, "size", []string{"30 x 20 cm", "40 x 28 cm", "50 x 35 cm"}},
			{"Mixing Bowl Set", 19, 69, "Bowls that nest in the cupboard and stand firm under a whisk.",
				[]string{"stainless steel", "stoneware", "melamine"}, "pieces", []string{"3", "4", "5"}},
			{"Casserole", 49, 249, "A heavy pot that turns cheap cuts into Sunday dinners.",
				[]string{"enamelled cast iron", "cast iron", "stoneware"}, "volume", []string{"3.5 l", "4.7 l", "6.3 l"}},
			{"Pepper Mill", 18, 75, "A mill with a ceramic grinder, from dust to cracked corns.",
				[]string{"beech wood", "stainless steel", "walnut"}, "height", []string{"14 cm", "21 cm"}},
		},
	}
}

func furniture() shelf {
	return shelf{
		slug: "furniture", name: "Furniture",
		brands:  []string{"Holmgaard", "Oakfield", "Tessel", "Branch & Beam", "Stuga", "Vantaa"},
		models:  []string{"Aske", "Birk", "Carve", "Dovetail", "Elmwood", "Fjell", "Grove", "Hedda", "Isle"},
		colours: []string{"natural", "smoked", "black", "white", "honey"},
		remarks: []string{"Comes flat, with the one tool it needs.", "Wood from certified forests.", "Oiled by hand.", "Delivered to the room of your choice."},
		kinds: []kind{
			{"Dining Chair", 69, 289, "A chair for three courses and the conversation after.",
				[]string{"solid oak", "bent ash", "birch plywood"}, "seat height", []string{"44 cm", "45 cm", "46 cm"}},
			{"Bookshelf", 99, 549, "Shelves that do not sag, whatever you read.",
				[]string{"solid oak", "walnut veneer", "birch plywood"}, "width", []string{"60 cm", "80 cm", "120 cm"}},
			{"Coffee Table", 89, 449, "A low table that forgives a forgotten glass.",
				[]string{"solid oak", "walnut veneer", "ash and glass"}, "diameter", []string{"60 cm", "75 cm", "90 cm"}},
			{"Writing Desk", 149, 699, "A desk with a drawer for what nobody should see.",
				[]string{"solid oak", "walnut veneer", "birch plywood"}, "width", []string{"100 cm", "120 cm", "140 cm"}},
			{"Bar Stool", 59, 229, "A stool with a rest for tired feet.",
				[]string{"solid oak", "bent ash", "recycled steel"}, "seat height", []string{"65 cm", "75 cm"}},
			{"Bench", 79, 359, "A bench for hallways, gardens and too many guests.",
				[]string{"solid oak", "bent ash", "larch"}, "length", []string{"90 cm", "120 cm", "160 cm"}},
			{"Side Table", 39, 179, "A small table with room for a lamp and a cup.",
				[]string{"walnut veneer", "recycled steel", "solid ash"}, "height", []string{"45 cm", "50 cm", "58 cm"}},
		},
	}
}

func bedAndBath() shelf {
	return shelf{
		slug: "bed-bath", name: "Bed & Bath",
		brands:  []string{"Linnea", "Down & Loom", "Marisol", "Brightwell", "Softwater", "Kettering Mills"},
		models:  []string{"Cloud", "Drift", "Haven", "Meadow", "Lagoon", "Ripple", "Siesta", "Tide", "Dune"},
		colours: []string{"white", "sand", "dusk blue", "rose", "charcoal", "eucalyptus"},
		remarks: []string{"Washes at 60 degrees.", "Softer with every wash.", "Tested for harmful substances.", "Woven in Portugal."},
		kinds: []kind{
			{"Bath Towel", 12, 49, "A thick towel that is dry again by evening.",
				[]string{"organic cotton", "cotton waffle", "bamboo viscose"}, "size", []string{"70 x 140 cm", "80 x 150 cm", "100 x 160 cm"}},
			{"Duvet Cover", 39, 179, "A cover that breathes in summer and warms in winter.",
				[]string{"washed linen", "organic cotton", "cotton percale"}, "size", []string{"135 x 200 cm", "155 x 220 cm", "200 x 200 cm"}},
			{"Pillow", 19, 119, "A pillow that holds its shape and your head.",
				[]string{"down and feather", "organic cotton", "merino wool"}, "firmness", []string{"soft", "medium", "firm"}},
			{"Bathrobe", 39, 139, "A robe for slow Sunday mornings.",
				[]string{"cotton waffle", "organic cotton", "bamboo viscose"}, "size", []string{"S", "M", "L", "XL"}},
			{"Wool Blanket", 49, 219, "A blanket for the sofa, the balcony and the train.",
				[]string{"merino wool", "lambswool", "recycled wool"}, "size", []string{"130 x 170 cm", "140 x 200 cm", "180 x 220 cm"}},
			{"Bath Mat", 14, 59, "A mat that swallows the water and stays where it is.",
				[]string{"organic cotton", "bamboo", "recycled cotton"}, "size", []string{"50 x 70 cm", "60 x 100 cm"}},
			{"Fitted Sheet", 19, 89, "A sheet whose corners hold all night.",
				[]string{"cotton percale", "washed linen", "jersey cotton"}, "size", []string{"90 x 200 cm", "140 x 200 cm", "180 x 200 cm"}},
		},
	}
}
