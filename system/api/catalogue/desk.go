package catalogue

func coffeeAndTea() shelf {
	return shelf{
		slug: "coffee-tea", name: "Coffee & Tea",
		brands:    []string{"Kettle & Crane", "Morning Ritual", "Cuvelle", "Third Pour", "Saltmill", "Camellia Road"},
		models:    []string{"Aroma", "Bloom", "Crema", "Doppio", "Ember", "Fika", "Gooseneck", "Infuse", "Matcha"},
		materials: []string{"borosilicate glass", "stainless steel", "porcelain", "stoneware", "copper"},
		colours:   []string{"black", "white", "copper", "celadon", "indigo"},
		remarks:   []string{"Comes apart for cleaning without tools.", "Two years of warranty.", "Goes into the dishwasher.", "Designed with people who pour all day."},
		kinds: []kind{
			{"Coffee Grinder", 49, 299, "A grinder with even grounds from espresso to press.", "burr", []string{"38 mm", "48 mm", "64 mm"}},
			{"Pour Over Kettle", 35, 149, "A kettle that pours a thin and steady stream.", "volume", []string{"0.6 l", "0.9 l", "1.2 l"}},
			{"Espresso Machine", 179, 899, "A small machine that makes coffee as the bar on the corner does.", "pressure", []string{"9 bar", "12 bar", "15 bar"}},
			{"French Press", 19, 79, "A press with a double filter and no sludge.", "volume", []string{"0.35 l", "0.8 l", "1 l"}},
			{"Teapot", 22, 99, "A pot with a wide basket, in which leaves can open.", "volume", []string{"0.5 l", "0.9 l", "1.4 l"}},
			{"Travel Mug", 16, 45, "A mug that keeps coffee hot and bags dry.", "volume", []string{"0.3 l", "0.4 l", "0.5 l"}},
			{"Cup Set", 15, 69, "Cups that feel right in the hand and stack on the shelf.", "pieces", []string{"2", "4", "6"}},
		},
	}
}

func audio() shelf {
	return shelf{
		slug: "audio", name: "Audio",
		brands:    []string{"Resonar", "Quietside", "Bassett", "Tonika", "Waveform Labs", "Fennick"},
		models:    []string{"Alto", "Baritone", "Chord", "Descant", "Forte", "Legato", "Octave", "Prelude", "Sonata"},
		materials: []string{"recycled aluminium", "walnut", "woven fabric", "matte polycarbonate", "vegan leather"},
		colours:   []string{"black", "silver", "midnight blue", "sand", "coral"},
		remarks:   []string{"The battery can be replaced.", "Tuned by ear, checked by instrument.", "Three years of warranty.", "Pairs with two devices at once."},
		kinds: []kind{
			{"Wireless Headphones", 59, 379, "Headphones that hush the train and keep the music.", "battery", []string{"24 h", "35 h", "50 h"}},
			{"Earbuds", 29, 229, "Small earbuds that stay in when you run.", "battery", []string{"6 h", "8 h", "11 h"}},
			{"Bluetooth Speaker", 35, 249, "A speaker that fills a kitchen and survives a splash.", "power", []string{"10 W", "20 W", "40 W"}},
			{"Turntable", 129, 649, "A turntable for records that have waited long enough.", "drive", []string{"belt", "direct"}},
			{"Soundbar", 99, 599, "A bar that makes voices clear and explosions large.", "channels", []string{"2.0", "2.1", "3.1"}},
			{"Studio Microphone", 49, 329, "A microphone that makes podcasts sound like radio.", "connection", []string{"USB-C", "XLR"}},
			{"Kitchen Radio", 39, 189, "A radio with one knob and all stations.", "reception", []string{"FM", "DAB+", "internet"}},
		},
	}
}

func computing() shelf {
	return shelf{
		slug: "computing", name: "Computing",
		brands:    []string{"Keystone", "Pixelgrove", "Dockyard", "Waveform Labs", "Helio Systems", "Tactile"},
		models:    []string{"Atlas", "Beacon", "Cobalt", "Delta", "Flux", "Ion", "Meridian", "Nova", "Vector"},
		materials: []string{"anodised aluminium", "recycled plastic", "soft-touch polycarbonate", "woven nylon"},
		colours:   []string{"space grey", "white", "black", "sage"},
		remarks:   []string{"Works with every common system, without drivers.", "Three years of warranty.", "Packed without plastic.", "Open firmware."},
		kinds: []kind{
			{"Mechanical Keyboard", 59, 249, "A keyboard with keys that say when they were pressed.", "layout", []string{"60 percent", "75 percent", "full size"}},
			{"Wireless Mouse", 19, 119, "A mouse for either hand that sleeps when you do.", "resolution", []string{"1600 dpi", "3200 dpi", "8000 dpi"}},
			{"Monitor", 149, 799, "A sharp screen that turns upright for long texts.", "size", []string{"24 inch", "27 inch", "32 inch"}},
			{"Laptop Stand", 19, 89, "A stand that puts the screen where your eyes are.", "weight", []string{"280 g", "620 g", "900 g"}},
			{"USB Hub", 15, 99, "One cable in, all the ports you miss out.", "ports", []string{"4", "7", "11"}},
			{"Webcam", 29, 179, "A camera with a shutter that you can see.", "resolution", []string{"1080p", "1440p", "4K"}},
			{"Portable SSD", 59, 289, "A pocket drive that survives the pocket.", "capacity", []string{"500 GB", "1 TB", "2 TB"}},
		},
	}
}

func stationery() shelf {
	return shelf{
		slug: "stationery", name: "Stationery",
		brands:    []string{"Inkwell & Sons", "Folio", "Paper Dragon", "Margin Notes", "Kobalt", "Blotter"},
		models:    []string{"Cursive", "Draft", "Essay", "Gazette", "Ledger", "Memoir", "Octavo", "Scribe", "Vellum"},
		materials: []string{"recycled paper", "linen", "brass", "cork", "full-grain leather"},
		colours:   []string{"ink blue", "ochre", "black", "burgundy", "forest green"},
		remarks:   []string{"Takes fountain pens without bleeding.", "Lies flat when open.", "Refills in every stationer's.", "Bound by hand."},
		kinds: []kind{
			{"Notebook", 7, 39, "A notebook with numbered pages and an index at the front.", "ruling", []string{"plain", "lined", "dotted", "squared"}},
			{"Fountain Pen", 19, 189, "A pen that writes at once, also after a month in the drawer.", "nib", []string{"fine", "medium", "broad"}},
			{"Desk Organiser", 15, 79, "A place for each thing that wanders over desks.", "compartments", []string{"4", "6", "9"}},
			{"Weekly Planner", 9, 35, "Fifty-two weeks with room for what comes up.", "format", []string{"A6", "A5", "B5"}},
			{"Pencil Set", 6, 49, "Pencils that sharpen to a point and keep it.", "pieces", []string{"6", "12", "24"}},
			{"Pencil Case", 9, 45, "A case that opens flat and stands on the desk.", "length", []string{"19 cm", "21 cm", "23 cm"}},
			{"Letter Set", 8, 29, "Paper and envelopes for what should not be an e-mail.", "sheets", []string{"20", "30", "40"}},
		},
	}
}
