// Package mailaddress holds the one grammar of e-mail addresses: what an account may be registered with is what letters can
// be sent to.
package mailaddress

import (
	"net/mail"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/idna"
)

// Limits of RFC 5321, in bytes.
const (
	longest      = 254
	longestLocal = 64
)

// hosts takes what DNS can hold: letters, digits and inner hyphens in labels of at most 63 bytes, and valid xn-- labels.
var hosts = idna.New(idna.MapForLookup(), idna.BidiRule(), idna.CheckHyphens(false), idna.StrictDomainName(true), idna.VerifyDNSLength(true))

// Valid says whether a text is an address that can be written to: a dot-atom of RFC 5322, without name, quotes or comments,
// and a domain name of several labels. It is ASCII, because not every mail server on the way speaks SMTPUTF8; a domain with
// other letters has its xn-- form. An address that is valid can stand in a header and in an SMTP command as it is.
func Valid(text string) bool {
	local, host, _ := strings.Cut(text, "@")
	if len(text) > longest || len(local) > longestLocal || strings.ContainsFunc(text, func(r rune) bool { return r >= utf8.RuneSelf }) {
		return false
	}
	parsed, err := mail.ParseAddress(text)
	return err == nil && parsed.Name == "" && parsed.Address == text && isHost(host)
}

func isHost(host string) bool {
	labels := strings.Split(host, ".")
	last := labels[len(labels)-1]
	for _, label := range labels {
		if strings.HasPrefix(label, "-") || strings.HasSuffix(label, "-") {
			return false
		}
	}
	_, err := hosts.ToASCII(host)
	return err == nil && len(labels) > 1 && strings.Trim(last, "0123456789") != "" // an IP address is no name
}
