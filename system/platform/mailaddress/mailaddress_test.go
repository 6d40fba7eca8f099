package mailaddress

import (
	"strings"
	"testing"
)

func TestAddressesThatCanBeWrittenTo(t *testing.T) {
	for _, text := range []string{
		"ada@example.org", "Ada.Lovelace@Example.ORG", "a@b.co", "o'brien@example.org", "ada+shop@example.org", "a.b.c@x.y.z.example.org",
		"!#$%&'*+/=?^_`{|}~-@example.org", "ada@xn--mnchen-3ya.example", "ada@r3---sn.example", "ada@4you.example", "42@1.2.example",
		strings.Repeat("a", 64) + "@example.org", "a@" + strings.Repeat("b", 63) + ".example",
	} {
		if !Valid(text) {
			t.Errorf("%s: got no address", text)
		}
	}
}

func TestAddressesThatCannotBeWrittenTo(t *testing.T) {
	for _, text := range []string{
		"", "@", "ada", "ada@", "@example.org", "ada@example", "ada.example.org",
		"a..b@example.com", ".a@example.com", "a.@example.com", ".@example.com", // dots that separate nothing
		"ada@example..org", "ada@.example.org", "ada@example.org.", "ada@-a.example", "ada@a-.example", "ada@exa_mple.org", "ada@ex ample.org",
		"ada@127.0.0.1", "ada@[127.0.0.1]", "ada@example.42", "ada@xn--a.example", "ada@" + strings.Repeat("b", 64) + ".example",
		strings.Repeat("a", 65) + "@example.org", "a@" + strings.Repeat("b.", 126) + "example",
		"ada@@example.org", "a@b@example.org", "ada @example.org", " ada@example.org", "ada@example.org\r\nBcc: all@example.org", "ada@example.org\x00",
		`"ada"@example.org`, `"a b"@example.org`, `"<script>"@example.org`, "ada(comment)@example.org", "ada@example.org (Ada)", "Ada <ada@example.org>", "<ada@example.org>",
		"a@example.org, b@example.org", "all: a@example.org;",
		"ädä@example.org", "ada@münchen.example", "ａｄａ@example.org", "\u212aada@example.org", "ada\u200b@example.org", "ada@\xff.org",
	} {
		if Valid(text) {
			t.Errorf("%q: got an address", text)
		}
	}
}
