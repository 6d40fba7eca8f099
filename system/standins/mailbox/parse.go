package mailbox

import (
	"encoding/base64"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"strings"
)

// parse reads the headers and the text of a message in the format of RFC 5322. A body that cannot be decoded is kept as
// it came: this mailbox is a witness and loses nothing.
func parse(r io.Reader) (Message, error) {
	raw, err := mail.ReadMessage(r)
	if err != nil {
		return Message{}, fmt.Errorf("read headers: %w", err)
	}
	body, err := io.ReadAll(raw.Body)
	if err != nil {
		return Message{}, fmt.Errorf("read body: %w", err)
	}
	m := Message{Headers: map[string][]string{}, Body: string(body)}
	for name, values := range raw.Header {
		for _, v := range values {
			m.Headers[name] = append(m.Headers[name], words(v))
		}
	}
	m.MessageID = strings.Trim(raw.Header.Get("Message-Id"), "<> ")
	m.Subject = words(raw.Header.Get("Subject"))
	if text, found := textOf(header(raw.Header), string(body)); found {
		m.Body = text
	}
	return m, nil
}

// header is what the header of a message and of a part have in common.
type header map[string][]string

func (h header) get(name string) string {
	if values := h[name]; len(values) > 0 {
		return values[0]
	}
	return ""
}

// textOf gives the first plain text of a body, looking into its parts.
func textOf(h header, body string) (text string, found bool) {
	kind, params, err := mime.ParseMediaType(h.get("Content-Type"))
	if err != nil {
		kind = "text/plain" // what RFC 2045 takes it for
	}
	switch {
	case kind == "text/plain":
		return decode(h.get("Content-Transfer-Encoding"), body)
	case strings.HasPrefix(kind, "multipart/"):
		return textOfParts(body, params["boundary"])
	}
	return "", false
}

func textOfParts(body, boundary string) (text string, found bool) {
	parts := multipart.NewReader(strings.NewReader(body), boundary)
	for {
		part, err := parts.NextRawPart()
		if err != nil {
			return "", false
		}
		content, err := io.ReadAll(part)
		if err != nil {
			return "", false
		}
		if text, found := textOf(header(part.Header), string(content)); found {
			return text, true
		}
	}
}

func decode(encoding, body string) (text string, ok bool) {
	var r io.Reader = strings.NewReader(body)
	switch strings.ToLower(encoding) {
	case "quoted-printable":
		r = quotedprintable.NewReader(r)
	case "base64":
		r = base64.NewDecoder(base64.StdEncoding, r)
	}
	decoded, err := io.ReadAll(r)
	return strings.ReplaceAll(string(decoded), "\r\n", "\n"), err == nil
}

// words decodes a header's encoded words (RFC 2047), or leaves it as it is.
func words(value string) string {
	var d mime.WordDecoder
	if text, err := d.DecodeHeader(value); err == nil {
		return text
	}
	return value
}
