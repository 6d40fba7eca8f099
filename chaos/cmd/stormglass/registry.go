package main

import (
	"stormglass/chaos/verdict"
	"stormglass/scenarios/shop"
)

// registry is the explicit list of what the systems that this program knows bring along.
func registry() verdict.Registry { return shop.Registry() }
