package notification

import (
	"embed"
	"errors"
	"fmt"
	"strings"
	"text/template"
)

//go:embed letters/*.txt
var texts embed.FS

// Letter is a message in words, ready to be handed to the company that brings it.
type Letter struct {
	// ID is the same each time that the message is handed over.
	ID string
	// To is an e-mail address, a phone number in E.164, or a user's id.
	To string
	// Title is the subject of an e-mail or the head of a push message; text messages have none.
	Title string
	Body  string
}

// letters are the texts, one template for each kind and channel: letters/<kind>.<channel>.txt. Its first line is the title.
type letters struct{ templates *template.Template }

// parseLetters finds out at the start whether a text is missing.
func parseLetters() (letters, error) {
	t, err := template.New("letters").Option("missingkey=error").ParseFS(texts, "letters/*.txt")
	if err != nil {
		return letters{}, fmt.Errorf("parse letters: %w", err)
	}
	for _, kind := range Kinds() {
		for _, channel := range kind.channels() {
			if t.Lookup(file(kind, channel)) == nil {
				return letters{}, fmt.Errorf("parse letters: there is no %s", file(kind, channel))
			}
		}
	}
	return letters{t}, nil
}

func file(k Kind, c Channel) string { return string(k) + "." + string(c) + ".txt" }

// write puts a message into words. They are the shop's own, and facts of the shop and its carrier: anybody can register anybody's
// address, and nobody proves that it is theirs, so a name or whatever else a client chose would be a stranger's advertisement.
func (l letters) write(m Message) (Letter, error) {
	var text strings.Builder
	err := l.templates.ExecuteTemplate(&text, file(m.Kind, m.Channel), struct {
		Facts
		Order OrderID
	}{m.Facts, m.Order})
	if err != nil {
		return Letter{}, fmt.Errorf("write %s: %w", file(m.Kind, m.Channel), err)
	}
	title, body, found := strings.Cut(text.String(), "\n")
	if !found || strings.TrimSpace(body) == "" {
		return Letter{}, errors.New("write " + file(m.Kind, m.Channel) + ": it has no text below its title")
	}
	letter := Letter{ID: string(m.ID), To: m.address(), Title: title, Body: strings.TrimSpace(body) + "\n"}
	if m.Channel == Email {
		letter.ID = m.Event + "@shop"
	}
	return letter, nil
}
