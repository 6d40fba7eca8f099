package catalogue

func coffeeAndTea() shelf {
	return shelf{
		slug: "coffee-tea", name: "Coffee & Tea",
		brands:  []string{"Kettle & Crane", "Morning Ritual", "Cuvelle", "Third Pour", "Saltmill", "Camellia Road"},
		models:  []string{"Aroma", "Bloom", "Crema", "Doppio", "Ember", "Fika", "Gooseneck", "Infuse", "Matcha"},
		colours: []string{"black", "white", "copper", "celadon", "indigo"},
		remarks: []string{"Cleans up in a minute.", "Two years of warranty.", "Wraps well as a present.", "Designed with people who pour all day."},
		kinds: []kind{
			{"Coffee Grinder", 49, 299, "A grinder with even grounds from espresso to press.",
				[]string{"stainless steel", "aluminium and walnut"}, "burr", []string{"38 mm", "48 mm", "64 mm"}},
			{"Pour Over Kettle", 35, 149, "A kettle that pours a thin and steady stream.",
				[]string{"stainless steel", "copper", "enamelled steel"}, "volume", []string{"0.6 l", "0.9 l", "1.2 l"}},
			{"Espresso Machine", 179, 899, "A small machine that makes coffee as the bar on the corner does.",
				[]string{"stainless steel", "aluminium and steel"}, "pressure", []string{"9 bar", "12 bar", "15 bar"}},
			{"French Press", 19, 79, "A press with a double filter and no sludge.",
				[]string{"borosilicate glass", "stainless steel", "stoneware"}, "volume", []string{"0.35 l", "0.8 l", "1 l"}},
			{"Teapot", 22, 99, "A pot with a wide basket, in which leaves can open.",
				[]string{"porcelain", "stoneware", "borosilicate glass", "cast iron"}, "volume", []string{"0.5 l", "0.9 l", "1.4 l"}},
			{"Travel Mug", 16, 45, "A mug that keeps coffee hot and bags dry.",
				[]string{"stainless steel", "ceramic-lined steel"}, "volume", []string{"0.3 l", "0.4 l", "0.5 l"}},
			{"Cup Set", 15, 69, "Cups that feel right in the hand and stack on the shelf.",
				[]string{"porcelain", "stoneware", "borosilicate glass"}, "pieces", []string{"2", "4", "6"}},
		},
	}
}

func audio() shelf {
	return shelf{
		slug: "audio", name: "Audio", limited: saleStock,
		brands:  []string{"Resonar", "Quietside", "Bassett", "Tonika", "Waveform Labs", "Fennick"},
		models:  []string{"Alto", "Baritone", "Chord", "Descant", "Forte", "Legato", "Octave", "Prelude", "Sonata"},
		colours: []string{"black", "silver", "midnight blue", "sand", "coral"},
		remarks: []string{"What wears out can be replaced.", "Tuned by ear, checked by instrument.", "Three years of warranty.", "Sounds right out of the box."},
		kinds: []kind{
			{"Wireless Headphones", 59, 379, "Headphones that hush the train and keep the music.",
				[]string{"recycled aluminium and vegan leather", "matte polycarbonate"}, "battery", []string{"24 h", "35 h", "50 h"}},
			{"Earbuds", 29, 229, "Small earbuds that stay in when you run.",
				[]string{"matte polycarbonate", "recycled plastic"}, "battery", []string{"6 h", "8 h", "11 h"}},
			{"Bluetooth Speaker", 35, 249, "A speaker that fills a kitchen and survives a splash.",
				[]string{"woven fabric", "recycled aluminium", "walnut"}, "power", []string{"10 W", "20 W", "40 W"}},
			{"Turntable", 129, 649, "A turntable for records that have waited long enough.",
				[]string{"walnut", "lacquered wood", "aluminium"}, "drive", []string{"belt", "direct"}},
			{"Soundbar", 99, 599, "A bar that makes voices clear and explosions large.",
				[]string{"woven fabric and aluminium", "walnut and fabric"}, "channels", []string{"2.0", "2.1", "3.1"}},
			{"Studio Microphone", 49, 329, "A microphone that makes podcasts sound like radio.",
				[]string{"die-cast zinc", "aluminium"}, "connection", []string{"USB-C", "XLR"}},
			{"Kitchen Radio", 39, 189, "A radio with one knob and all stations.",
				[]string{"walnut", "matte polycarbonate", "bamboo"}, "reception", []string{"FM", "DAB+", "internet"}},
		},
	}
}

func computing() shelf {
	return shelf{
		slug: "computing", name: "Computing",
		brands:  []string{"Keystone", "Pixelgrove", "Dockyard", "Waveform Labs", "Helio Systems", "Tactile"},
		models:  []string{"Atlas", "Beacon", "Cobalt", "Delta", "Flux", "Ion", "Meridian", "Nova", "Vector"},
		colours: []string{"space grey", "white", "black", "sage"},
		remarks: []string{"Works with every common system, without drivers.", "Three years of warranty.", "Packed without plastic.", "Spare parts for seven years."},
		kinds: []kind{
			{"Mechanical Keyboard", 59, 249, "A keyboard with keys that say when they were pressed.",
				[]string{"anodised aluminium", "recycled plastic"}, "layout", []string{"60 percent", "75 percent", "full size"}},
			{"Wireless Mouse", 19, 119, "A mouse for either hand that sleeps when you do.",
				[]string{"recycled plastic", "soft-touch polycarbonate"}, "resolution", []string{"1600 dpi", "3200 dpi", "8000 dpi"}},
			{"Monitor", 149, 799, "A sharp screen that turns upright for long texts.",
				[]string{"recycled plastic", "aluminium"}, "size", []string{"24 inch", "27 inch", "32 inch"}},
			{"Laptop Stand", 19, 89, "A stand that puts the screen where your eyes are.",
				[]string{"anodised aluminium", "beech plywood"}, "weight", []string{"280 g", "620 g", "900 g"}},
			{"USB Hub", 15, 99, "One cable in, all the ports you miss out.",
				[]string{"anodised aluminium", "recycled plastic"}, "ports", []string{"4", "7", "11"}},
			{"Webcam", 29, 179, "A camera with a shutter that you can see.",
				[]string{"anodised aluminium", "soft-touch polycarbonate"}, "resolution", []string{"1080p", "1440p", "4K"}},
			{"Portable SSD", 59, 289, "A pocket drive that survives the pocket.",
				[]string{"anodised aluminium", "rubber-coated aluminium"}, "capacity", []string{"500 GB", "1 TB", "2 TB"}},
		},
	}
}

func stationery() shelf {
	return shelf{
		slug: "stationery", name: "Stationery",
		brands:  []string{"Inkwell & Sons", "Folio", "Paper Dragon", "Margin Notes", "Kobalt", "Blotter"},
		models:  []string{"Cursive", "Draft", "Essay", "Gazette", "Ledger", "Memoir", "Octavo", "Scribe", "Vellum"},
		colours: []string{"ink blue", "ochre", "black", "burgundy", "forest green"},
		remarks: []string{"A present for people who write.", "Better with every year of use.", "Two years of warranty.", "Finished by hand."},
		kinds: []kind{
			{"Notebook", 7, 39, "A notebook with numbered pages and an index at the front.",
				[]string{"recycled paper and linen", "recycled paper and cork", "leather and paper"}, "ruling", []string{"plain", "lined", "dotted", "squared"}},
			{"Fountain Pen", 19, 189, "A pen that writes at once, also after a month in the drawer.",
				[]string{"brass", "aluminium", "resin"}, "nib", []string{"fine", "medium", "broad"}},
			{"Desk Organiser", 15, 79, "A place for each thing that wanders over desks.",
				[]string{"cork", "birch plywood", "powder-coated steel"}, "compartments", []string{"4", "6", "9"}},
			{"Weekly Planner", 9, 35, "Fifty-two weeks with room for what comes up.",
				[]string{"recycled paper and linen", "paper and card"}, "format", []string{"A6", "A5", "B5"}},
			{"Pencil Set", 6, 49, "Pencils that sharpen to a point and keep it.",
				[]string{"cedar wood", "lime wood"}, "pieces", []string{"6", "12", "24"}},
			{"Pencil Case", 9, 45, "A case that opens flat and stands on the desk.",
				[]string{"full-grain leather", "waxed canvas", "cork"}, "length", []string{"19 cm", "21 cm", "23 cm"}},
			{"Letter Set", 8, 29, "Paper and envelopes for what should not be an e-mail.",
				[]string{"recycled paper", "cotton paper"}, "sheets", []string{"20", "30", "40"}},
		},
	}
}
