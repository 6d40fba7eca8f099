package shop

import _ "embed"

// walkthrough is a text to copy into a shell; BASE stands for the shop's address.
//
//go:embed walkthrough.sh
var walkthrough string
