package gateway

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
)

var (
	// digitGroups are digits, in groups with one space or hyphen between them. After a + they are a phone number.
	digitGroups = regexp.MustCompile(`\+?[0-9]+(?:[ -][0-9]+)*`)
	// longHex is a random id in hexadecimal, which may hold any digits.
	longHex = regexp.MustCompile(`\b[0-9a-fA-F]{32,}\b`)
)

// printed are the groups in which cards show their numbers.
var printed = [][]int{{4, 4, 4, 4}, {4, 6, 5}, {4, 6, 4}, {4, 4, 4, 4, 3}}

// hasCardNumber says whether a text holds what could be a payment card's number, alone or among other words, together
// or in the groups in which cards show it.
func hasCardNumber(text string) bool {
	for _, found := range digitGroups.FindAllString(longHex.ReplaceAllString(text, " x "), -1) {
		if found[0] == '+' {
			continue
		}
		groups := strings.FieldsFunc(found, func(r rune) bool { return r == ' ' || r == '-' })
		if slices.ContainsFunc(groups, isCardNumber) || hasPrinted(groups) {
			return true
		}
	}
	return false
}

// hasPrinted says whether neighbouring groups of digits make up a card's number.
func hasPrinted(groups []string) bool {
	for start := range groups {
		for _, sizes := range printed {
			if len(groups)-start < len(sizes) {
				continue
			}
			part := groups[start : start+len(sizes)]
			if slices.EqualFunc(part, sizes, func(group string, size int) bool { return len(group) == size }) && isCardNumber(strings.Join(part, "")) {
				return true
			}
		}
	}
	return false
}

// isCardNumber says whether digits begin as some issuer's cards do, are as many as those have, and have the right check
// digit (ISO/IEC 7812, Luhn). Times in milliseconds or microseconds begin with 1, as no card does.
func isCardNumber(digits string) bool {
	if len(digits) < 13 || len(digits) > 19 {
		return false
	}
	return slices.Contains(lengths(digits), len(digits)) && luhn(digits)
}

// lengths gives how many digits cards have that begin with these.
func lengths(digits string) []int {
	two, _ := strconv.Atoi(digits[:2]) // all of them are digits
	four, _ := strconv.Atoi(digits[:4])
	switch {
	case digits[0] == '4': // Visa
		return []int{13, 16, 19}
	case two >= 51 && two <= 55, four >= 2221 && four <= 2720: // Mastercard
		return []int{16}
	case two == 34, two == 37: // American Express
		return []int{15}
	case two == 35: // JCB
		return []int{16, 17, 18, 19}
	case two == 30, two == 36, two == 38, two == 39: // Diners Club
		return []int{14, 16, 19}
	case digits[0] == '5', digits[0] == '6': // Maestro, Discover, UnionPay
		return []int{16, 17, 18, 19}
	}
	return nil
}

func luhn(digits string) bool {
	sum := 0
	for i := range len(digits) {
		n := int(digits[len(digits)-1-i] - '0')
		if i%2 == 1 {
			if n *= 2; n > 9 {
				n -= 9
			}
		}
		sum += n
	}
	return sum%10 == 0
}
