package catalogue

func garden() shelf {
	return shelf{
		slug: "garden", name: "Garden",
		brands:  []string{"Greenholt", "Thistle & Spade", "Ironbark", "Rainbarrow", "Potting Shed Co", "Verdane"},
		models:  []string{"Alder", "Bramble", "Clover", "Dogwood", "Elder", "Furrow", "Hazel", "Ivy", "Juniper"},
		colours: []string{"forest green", "rust", "anthracite", "natural", "stone"},
		remarks: []string{"Stays outside all winter.", "Spare parts for fifteen years.", "Tried out in our own beds.", "Made for small gardens and balconies."},
		kinds: []kind{
			{"Pruning Shears", 16, 69, "Shears that cut live wood cleanly, so that it heals.",
				[]string{"forged steel", "stainless steel"}, "cut", []string{"18 mm", "22 mm", "25 mm"}},
			{"Watering Can", 14, 59, "A can that balances in the hand and pours a soft rain.",
				[]string{"galvanised steel", "recycled plastic", "copper"}, "volume", []string{"3 l", "6 l", "10 l"}},
			{"Garden Spade", 29, 89, "A spade with a tread that boots are thankful for.",
				[]string{"ash wood and steel", "stainless steel"}, "length", []string{"95 cm", "105 cm", "115 cm"}},
			{"Planter", 12, 129, "A planter with a drain, for herbs, tomatoes or a small tree.",
				[]string{"terracotta", "cedar", "recycled plastic"}, "volume", []string{"8 l", "20 l", "45 l"}},
			{"Bird Feeder", 11, 49, "A feeder that birds find and squirrels give up on.",
				[]string{"cedar", "recycled plastic", "galvanised steel"}, "capacity", []string{"0.5 l", "1 l", "2 l"}},
			{"Garden Hose", 24, 99, "A hose that does not kink and drinks up its own curls.",
				[]string{"recycled rubber", "woven polyester"}, "length", []string{"15 m", "20 m", "30 m"}},
			{"Fire Bowl", 59, 289, "A bowl for late summer nights, with a grill on top.",
				[]string{"weathering steel", "cast iron", "black steel"}, "diameter", []string{"50 cm", "60 cm", "75 cm"}},
		},
	}
}

func camping() shelf {
	return shelf{
		slug: "camping", name: "Camping & Hiking",
		brands:  []string{"Northbay", "Cairn Supply", "Fernweh", "Altavia", "Stormcrest", "Low Pine"},
		models:  []string{"Ridge", "Summit", "Traverse", "Basecamp", "Kestrel", "Moraine", "Tundra", "Wayfarer", "Zephyr"},
		colours: []string{"orange", "pine", "slate", "sun yellow", "night blue"},
		remarks: []string{"Tested in a week of Scottish rain.", "Repaired by us for as long as you keep it.", "Packs smaller than a loaf of bread.", "Free of fluorine."},
		kinds: []kind{
			{"Tent", 119, 649, "A tent that stands in five minutes and in any wind you would camp in.",
				[]string{"ripstop nylon", "recycled polyester", "waxed canvas"}, "sleeps", []string{"1", "2", "3", "4"}},
			{"Sleeping Bag", 69, 389, "A bag that is warm where you are cold and dries fast.",
				[]string{"recycled polyester", "ripstop nylon and down"}, "comfort", []string{"8 °C", "0 °C", "-7 °C"}},
			{"Hiking Backpack", 79, 279, "A pack that carries the weight on the hips and lets the back breathe.",
				[]string{"ripstop nylon", "recycled polyester", "waxed canvas"}, "volume", []string{"28 l", "38 l", "55 l"}},
			{"Camping Stove", 35, 159, "A stove that boils half a litre before you have found the tea.",
				[]string{"titanium", "anodised aluminium", "stainless steel"}, "fuel", []string{"gas", "petrol", "wood"}},
			{"Head Torch", 19, 99, "A light that keeps both hands free and finds the path.",
				[]string{"anodised aluminium", "recycled plastic"}, "brightness", []string{"250 lm", "400 lm", "900 lm"}},
			{"Trekking Poles", 39, 169, "Poles that spare the knees on the way down.",
				[]string{"anodised aluminium", "carbon fibre"}, "weight", []string{"390 g", "440 g", "510 g"}},
			{"Insulated Bottle", 18, 54, "A bottle that keeps tea hot for twelve hours and water cold for a day.",
				[]string{"stainless steel", "titanium"}, "volume", []string{"0.5 l", "0.75 l", "1 l"}},
		},
	}
}

func cycling() shelf {
	return shelf{
		slug: "cycling", name: "Cycling",
		brands:  []string{"Veloce Nord", "Northbay", "Spoke & Sons", "Tarmac Union", "Gravelle", "Bellwether"},
		models:  []string{"Breakaway", "Cadence", "Domestique", "Echelon", "Flandrien", "Gravel", "Keirin", "Peloton", "Sprint"},
		colours: []string{"black", "signal red", "petrol", "silver", "lime"},
		remarks: []string{"Made for every day and every weather.", "Weighed, ridden and worn before we sell it.", "Two years of warranty.", "Spare parts for ten years."},
		kinds: []kind{
			{"Helmet", 39, 219, "A light helmet with a dial that fits any head and any ponytail.",
				[]string{"recycled polycarbonate", "carbon fibre", "expanded polystyrene"}, "size", []string{"S", "M", "L"}},
			{"Bike Light Set", 19, 129, "Front and rear lights that cars see and riders do not curse.",
				[]string{"anodised aluminium", "recycled polyamide"}, "battery", []string{"4 h", "8 h", "15 h"}},
			{"Saddle", 29, 179, "A saddle for whole days, with a channel where it matters.",
				[]string{"leather", "recycled polyamide", "carbon fibre"}, "width", []string{"135 mm", "145 mm", "155 mm"}},
			{"Pannier", 35, 149, "A waterproof bag that clicks on to the rack and on to your shoulder.",
				[]string{"recycled polyester", "waxed canvas"}, "volume", []string{"12 l", "20 l", "25 l"}},
			{"Floor Pump", 24, 99, "A pump with a gauge that tells the truth.",
				[]string{"aluminium", "steel and beech"}, "pressure", []string{"8 bar", "11 bar", "14 bar"}},
			{"Bike Lock", 19, 139, "A lock that costs a thief more time than he has.",
				[]string{"hardened steel", "steel and textile"}, "length", []string{"80 cm", "100 cm", "120 cm"}},
			{"Multitool", 14, 69, "The tools that get you home, in the size of a chocolate bar.",
				[]string{"stainless steel", "chrome vanadium steel"}, "functions", []string{"10", "17", "21"}},
		},
	}
}

func toysAndGames() shelf {
	return shelf{
		slug: "toys-games", name: "Toys & Games",
		brands:  []string{"Tumbledown", "Pip & Otter", "Corner Table Games", "Woodlark", "Little Foundry", "Paper Dragon"},
		models:  []string{"Adventure", "Balloon", "Castle", "Dragon", "Explorer", "Firefly", "Galaxy", "Harbour", "Jungle"},
		colours: []string{"rainbow", "natural", "sky blue", "tomato", "mint"},
		remarks: []string{"Painted with colours that may be chewed.", "Missing pieces are replaced for free.", "No batteries, no screens.", "Played hard before we sold it."},
		kinds: []kind{
			{"Board Game", 19, 69, "A game that takes ten minutes to learn and years to win.",
				[]string{"recycled cardboard", "maple wood and cardboard"}, "players", []string{"2", "2 to 4", "3 to 6"}},
			{"Jigsaw Puzzle", 12, 45, "A puzzle with no two pieces alike and no dust in the box.",
				[]string{"recycled cardboard", "birch plywood"}, "pieces", []string{"100", "500", "1000", "2000"}},
			{"Building Blocks", 19, 119, "Blocks that become what they are told to.",
				[]string{"maple wood", "beech wood", "plant-based plastic"}, "pieces", []string{"50", "100", "200"}},
			{"Train Set", 29, 159, "Tracks, bridges and a train that climbs them.",
				[]string{"beech wood", "maple wood"}, "pieces", []string{"24", "45", "80"}},
			{"Plush Animal", 14, 59, "A friend with long arms and a good memory for secrets.",
				[]string{"organic cotton", "recycled polyester"}, "height", []string{"25 cm", "35 cm", "60 cm"}},
			{"Kite", 15, 89, "A kite that flies on the first try and stays up.",
				[]string{"ripstop nylon", "recycled polyester"}, "span", []string{"90 cm", "130 cm", "180 cm"}},
			{"Card Game", 8, 25, "A quick game for kitchens, trains and rain.",
				[]string{"linen-finish card", "recycled card"}, "players", []string{"2 to 5", "2 to 6", "3 to 8"}},
		},
	}
}
