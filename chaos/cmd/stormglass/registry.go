package main

import "stormglass/chaos/verdict"

// registry is the explicit list of what the systems that this program knows bring along.
func registry() verdict.Registry { return verdict.Registry{} }
