// Package cardnumber finds what could be the number of a payment card, so that the shop can refuse it before it is kept
// or logged. Random ids are full of digits; those of a known shape are recognised, and are no card numbers.
package cardnumber

import (
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/google/uuid"
)

// Cards have numbers of this many digits.
const (
	shortest = 13
	longest  = 19
)

// longestPhone is how many digits an international phone number has at most (E.164).
const longestPhone = 15

// widestGap is how many characters that are neither letters nor digits may stand between two groups of a number.
const widestGap = 3

// digitRun is every digit in a row.
var digitRun = regexp.MustCompile(`[0-9]+`)

// layouts are the sizes of the groups in which people write card numbers, besides each digit by itself: fours, as most cards
// show them, then American Express, Diners Club, old Visa and UnionPay cards.
var layouts = [][]int{
	{4, 4, 4, 1}, {4, 4, 4, 2}, {4, 4, 4, 3}, {4, 4, 4, 4}, {4, 4, 4, 4, 1}, {4, 4, 4, 4, 2}, {4, 4, 4, 4, 3},
	{4, 6, 5}, {4, 6, 4}, {4, 3, 3, 3}, {6, 13},
}

// In says whether a text holds what could be a card's number: alone or among words, in the digits of any script, in one
// piece or in the usual groups with spaces, dots, hyphens or invisible characters in it. UUIDs and ids of 32 or more
// hexadecimal digits are none, whatever their digits are, and neither are phone numbers with their plus sign.
func In(text string) bool {
	if !enoughDigits(text) {
		return false
	}
	plain := strings.Map(plainDigit, text)
	visible := strings.Map(dropInvisible, plain)
	return inPlain(visible) || visible != plain && inPlain(plain)
}

// InID says whether an id that goes to logs as it is could be a card's number in disguise: what In finds, and besides
// digits in a row within a hexadecimal id, filled up with zeros or not. It takes about one of five thousand random trace ids
// for such, so it is for ids that can be replaced.
func InID(id string) bool {
	return In(id) || slices.ContainsFunc(digitRun.FindAllString(id, -1), isPadded)
}

// enoughDigits spares nearly all texts the work of looking closer.
func enoughDigits(text string) bool {
	n := 0
	for _, r := range text {
		if r >= '0' && r <= '9' || r >= utf8.RuneSelf && unicode.IsDigit(r) {
			n++
		}
	}
	return n >= shortest
}

// plainDigit gives the ASCII digit for a digit of any script, full-width ones among them. Unicode keeps the ten digits of
// a script together and in order, so its tables have them in ranges that begin with a zero.
func plainDigit(r rune) rune {
	if r < utf8.RuneSelf || !unicode.IsDigit(r) {
		return r
	}
	for _, of := range unicode.Nd.R16 {
		if rune(of.Lo) <= r && r <= rune(of.Hi) {
			return '0' + (r-rune(of.Lo))%10
		}
	}
	for _, of := range unicode.Nd.R32 {
		if rune(of.Lo) <= r && r <= rune(of.Hi) {
			return '0' + (r-rune(of.Lo))%10
		}
	}
	return r
}

// dropInvisible drops characters that take no space of their own: zero-width spaces, soft hyphens, marks.
func dropInvisible(r rune) rune {
	if r >= utf8.RuneSelf && unicode.In(r, unicode.Cf, unicode.Mn, unicode.Me, unicode.Other_Default_Ignorable_Code_Point) {
		return -1
	}
	return r
}

// inPlain is In for a text whose digits are ASCII.
func inPlain(text string) bool {
	if text = withoutIDs(text); !enoughDigits(text) {
		return false
	}
	var line chain
	gap := 0
	for at := 0; at < len(text); {
		if !isDigit(text[at]) {
			r, size := utf8.DecodeRuneInString(text[at:])
			if gap++; unicode.IsLetter(r) {
				gap = widestGap + 1
			}
			at += size
			continue
		}
		end := at + 1
		for end < len(text) && isDigit(text[end]) {
			end++
		}
		if gap > widestGap {
			line = chain{}
		}
		if line.count == 0 {
			line.plus = at > 0 && text[at-1] == '+'
		}
		if line.add(text[at:end]) {
			return true
		}
		at, gap = end, 0
	}
	return false
}

// chain is groups of digits that stand together.
type chain struct {
	// sizes are those of the last groups, the latest at the end, and digits their digits.
	sizes  [5]int
	digits [longest]byte
	count  int
	// single counts the last groups that have one digit each.
	single int
	// plus: there is a plus sign before the first group.
	plus bool
}

// add takes one more group. It says whether that is a card's number, or the end of one in a usual layout.
func (c *chain) add(group string) bool {
	copy(c.sizes[:], c.sizes[1:])
	c.sizes[len(c.sizes)-1] = len(group)
	latest := group[max(0, len(group)-longest):]
	copy(c.digits[:], c.digits[len(latest):])
	copy(c.digits[longest-len(latest):], latest)
	c.count++
	if c.single++; len(group) > 1 {
		c.single = 0
	}
	return c.isCard(1, len(group)) || slices.ContainsFunc(layouts, c.endsIn) || c.endsInSingles()
}

// endsIn says whether the last groups are a card's number in a layout.
func (c *chain) endsIn(layout []int) bool {
	if !slices.Equal(c.sizes[len(c.sizes)-len(layout):], layout) {
		return false
	}
	n := 0
	for _, size := range layout {
		n += size
	}
	return c.isCard(len(layout), n)
}

// endsInSingles says whether the last groups are the single digits of a card's number.
func (c *chain) endsInSingles() bool {
	for n := shortest; n <= min(longest, c.single); n++ {
		if c.isCard(n, n) {
			return true
		}
	}
	return false
}

// isCard says whether the last groups, which have n digits, are a card's number and no phone number.
func (c *chain) isCard(groups, n int) bool {
	if n < shortest || n > longest {
		return false
	}
	digits := c.digits[longest-n:]
	phone := c.plus && groups == c.count && isPhone(digits)
	return !phone && isNumber(digits)
}

// withoutIDs puts a letter in the place of each random id of a known shape: UUIDs (RFC 9562), of which one in tens of
// thousands holds what looks like a card's number, and hexadecimal digits of 128 bits or more.
func withoutIDs(text string) string {
	var out strings.Builder
	end := 0
	for at := 0; at < len(text); {
		n := max(uuidAt(text, at), longHexAt(text, at))
		if n == 0 {
			at++
			continue
		}
		out.WriteString(text[end:at])
		out.WriteByte('x')
		at += n
		end = at
	}
	if end == 0 {
		return text
	}
	return out.String() + text[end:]
}

// uuidAt gives the length of the UUID that begins there, or 0. A UUID that further digits touch is none.
func uuidAt(text string, at int) int {
	const length, hyphen = 36, 8
	if len(text) < at+length || text[at+hyphen] != '-' || at > 0 && isDigit(text[at-1]) || len(text) > at+length && isDigit(text[at+length]) || uuid.Validate(text[at:at+length]) != nil {
		return 0
	}
	return length
}

// longHexAt gives the length of the 32 or more hexadecimal digits that begin there, or 0.
func longHexAt(text string, at int) int {
	n := 0
	for at+n < len(text) && isHex(text[at+n]) {
		n++
	}
	if n < 32 {
		return 0
	}
	return n
}

func isHex(b byte) bool { return isDigit(b) || b >= 'a' && b <= 'f' || b >= 'A' && b <= 'F' }

func isDigit(b byte) bool { return b >= '0' && b <= '9' }

// isPhone says whether digits after a plus sign may be a phone number rather than a card's. Where an issuer's cards have as
// many digits as phone numbers can have, only those of Visa's old cards begin with the codes of countries whose phone
// numbers are that long.
func isPhone(digits []byte) bool { return len(digits) <= longestPhone && digits[0] == '4' }

// isPadded says whether digits are a card's number with zeros before or after it.
func isPadded(digits string) bool {
	digits = strings.TrimLeft(digits, "0")
	for n := shortest; n <= min(longest, len(digits)); n++ {
		if strings.Trim(digits[n:], "0") == "" && isNumber([]byte(digits[:n])) {
			return true
		}
	}
	return false
}

// isNumber says whether digits begin as some issuer's cards do, are as many as those have, and have the right check
// digit (ISO/IEC 7812, Luhn). Times in milliseconds or microseconds begin with 1, as no card does.
func isNumber(digits []byte) bool {
	if len(digits) < shortest || len(digits) > longest {
		return false
	}
	return isIssued(digits) && luhn(digits)
}

// isIssued says whether cards that begin with these digits have that many.
func isIssued(digits []byte) bool {
	n := len(digits)
	two := int(digits[0]-'0')*10 + int(digits[1]-'0')
	four := two*100 + int(digits[2]-'0')*10 + int(digits[3]-'0')
	switch {
	case digits[0] == '4': // Visa
		return n == 13 || n == 16 || n == 19
	case two >= 51 && two <= 55, four >= 2221 && four <= 2720: // Mastercard
		return n == 16
	case two == 34, two == 37: // American Express
		return n == 15
	case two == 30, two == 36, two == 38, two == 39: // Diners Club
		return n == 14 || n == 16 || n == 19
	case two == 35, digits[0] == '5', digits[0] == '6': // JCB; Maestro, Discover, UnionPay
		return n >= 16
	}
	return false
}

func luhn(digits []byte) bool {
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
