package cardprocessor

import (
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// maxAmount is the highest amount of one payment, in minor units.
const maxAmount = 99_999_999

// params are a request's form-encoded parameters: name, name[], name[key].
type params struct{ values url.Values }

// check refuses what an endpoint does not know, what is empty, and what could be a card's number.
func (p params) check(known ...string) *refusal {
	for name, values := range p.values {
		root, _, nested := strings.Cut(name, "[")
		if !slices.Contains(known, root) {
			return badRequest("parameter_unknown", "", "This call has no parameter %s.", quote(name))
		}
		for _, v := range values {
			if root != "metadata" && isCardNumber(v) {
				return badRequest("", root, "This is a card number. Send the token of a payment method; never send card numbers here.")
			}
			if v == "" && !nested {
				return badRequest("parameter_invalid_empty", root, "This parameter is empty. Leave it away, or give it a value.")
			}
		}
	}
	return nil
}

func (p params) text(name string) string { return p.values.Get(name) }

// amount reads the amount; 0 when it may be left away and is.
func (p params) amount(required bool) (int64, *refusal) {
	text := p.text("amount")
	if text == "" && !required {
		return 0, nil
	}
	if text == "" {
		return 0, badRequest("parameter_missing", "amount", "The parameter 'amount' is missing.")
	}
	amount, err := strconv.ParseInt(text, 10, 64)
	switch {
	case err != nil || amount < 1:
		return 0, badRequest("parameter_invalid_integer", "amount", "It is a whole number of minor units, at least 1.")
	case amount > maxAmount:
		return 0, badRequest("amount_too_large", "amount", "The amount is at most %d minor units.", maxAmount)
	}
	return amount, nil
}

func (p params) currency() (string, *refusal) {
	currency := strings.ToLower(p.text("currency"))
	if len(currency) != 3 || strings.Trim(currency, "abcdefghijklmnopqrstuvwxyz") != "" {
		return "", badRequest("parameter_invalid", "currency", "It is a currency's three letters (ISO 4217).")
	}
	return currency, nil
}

func (p params) metadata() map[string]string {
	var m map[string]string
	for name, values := range p.values {
		key, found := strings.CutPrefix(name, "metadata[")
		if !found || values[0] == "" {
			continue
		}
		if m == nil {
			m = map[string]string{}
		}
		m[strings.TrimSuffix(key, "]")] = values[0]
	}
	return m
}

// expandsCharge says whether the client asked for the charge in place of its id: expand[]=latest_charge.
func (p params) expandsCharge() bool { return p.expands("latest_charge") }

func (p params) expands(what string) bool {
	for name, values := range p.values {
		if strings.HasPrefix(name, "expand[") && slices.Contains(values, what) {
			return true
		}
	}
	return false
}

// whole gives a whole number from least up to most, or the usual one when it is left away.
func (p params) whole(name string, usual, least, most int64) (int64, *refusal) {
	text := p.text(name)
	if text == "" {
		return usual, nil
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < least || n > most {
		return 0, badRequest("parameter_invalid_integer", name, "It is a whole number from %d to %d.", least, most)
	}
	return n, nil
}
