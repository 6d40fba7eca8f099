package gateway

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"stormglass/system/platform/cardnumber"
)

// badBody is what is wrong with a body as a whole. It crosses the typed layer as a text.
type badBody struct{ reason, detail string }

const badBodyMark = "bad body "

func (b badBody) Error() string { return badBodyMark + b.reason + ": " + b.detail }

func parseBadBody(text string) (badBody, bool) {
	rest, ok := strings.CutPrefix(text, badBodyMark)
	reason, detail, _ := strings.Cut(rest, ": ")
	return badBody{reason, detail}, ok
}

// unmarshal reads a JSON body and refuses what no field of any body may hold. Its errors never repeat the input.
func unmarshal(data []byte, into any) error {
	if err := json.Unmarshal(data, into); err != nil {
		return malformed(err)
	}
	if whole, ok := into.(*any); ok {
		return refuse(*whole)
	}
	return nil
}

func malformed(err error) error {
	if syntax, ok := errors.AsType[*json.SyntaxError](err); ok {
		return badBody{"malformed_json", fmt.Sprintf("the body is not valid JSON: look at byte %d", syntax.Offset)}
	}
	if mismatch, ok := errors.AsType[*json.UnmarshalTypeError](err); ok && mismatch.Field != "" {
		return badBody{"malformed_json", fmt.Sprintf("the body has a value of the wrong type or out of range: look at byte %d", mismatch.Offset)}
	}
	return badBody{"malformed_json", "the body has a number out of range or a value of the wrong type"}
}

// refuse looks through all texts and numbers of a body.
func refuse(v any) error {
	switch v := v.(type) {
	case string:
		return refuseText(v)
	case []any:
		for _, element := range v {
			if err := refuse(element); err != nil {
				return err
			}
		}
	case map[string]any:
		for name, element := range v {
			if err := refuseText(name); err != nil {
				return err
			}
			if err := refuse(element); err != nil {
				return err
			}
		}
	case float64:
		return refuseText(strconv.FormatFloat(v, 'f', -1, 64))
	}
	return nil
}

func refuseText(s string) error {
	if cardnumber.In(s) {
		return badBody{cardRefused, cardRefusal}
	}
	if bytes.IndexByte([]byte(s), 0) >= 0 {
		return badBody{"malformed_text", "a text has the character U+0000 in it: remove it"}
	}
	return nil
}
