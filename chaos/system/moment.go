package system

import "fmt"

// Moment is a moment that scenarios may name: what passes a link when it comes. Exactly one of Request and Response is a text.
type Moment struct {
	Name     string
	Link     string // "client -> server"
	Request  string // a text on its way to the server
	Response string // a text on its way to the client
	After    string // what the client must have sent on the same connection before; "" where that does not matter
}

// Moment finds a moment by its name.
func (s *System) Moment(name string) (Moment, error) {
	for _, m := range s.Moments {
		if m.Name == name {
			return m, nil
		}
	}
	return Moment{}, fmt.Errorf("find moment: %q is not a moment of %s%s", name, s.Name, Hint(name, s.MomentNames()))
}

// MomentNames lists the moments' names in file order.
func (s *System) MomentNames() []string {
	var out []string
	for _, m := range s.Moments {
		out = append(out, m.Name)
	}
	return out
}

// moment reads one entry of `moments`. A tier that has another server on the link must say what passes there: the texts of
// one protocol say nothing of another.
func (r *reader) moment(f field, over tier, s *System) Moment {
	m := Moment{Name: f.name}
	keys := r.known(f.value, "moment "+f.name, "link", "request", "response", "after")
	at, ok := keys["link"]
	if !ok {
		r.fail(f.key, "moment %s has no link", f.name)
		return m
	}
	m.Link = r.oneOf(at.value, "link", s.LinkNames())
	own, told := over.moments[f.name]
	if link, err := s.Link(m.Link); err == nil && !told && over.links[link.Target()] != nil {
		r.fail(f.key, "moment %s is not told again, though the tier has another way to speak to %s", f.name, link.Target())
	}
	if !told {
		own = keys
	}
	for key, into := range map[string]*string{"request": &m.Request, "response": &m.Response, "after": &m.After} {
		if text, ok := own[key]; ok {
			*into = r.text(text.value, key)
		}
	}
	if (m.Request == "") == (m.Response == "") {
		r.fail(f.key, "moment %s: expected exactly one of request and response: the text that passes", f.name)
	}
	return m
}
