package cardnumber

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
)

func TestCardNumbersAreFoundInAnyText(t *testing.T) {
	for _, text := range []string{
		"4242424242424242", "4242 4242 4242 4242", "4242-4242-4242-4242", "378282246310005", "3782 822463 10005",
		"5555555555554444", "2223003122003222", "6011111111111117", "30569309025904", "3566002020360505", "6304000000000000",
		"my card is 4242 4242 4242 4242, thanks", "card4242424242424242@example.com", "key-4242-4242-4242-4242", "20457 4242 4242 4242 4242",
		"pm_4242424242424242", "pm_4242_4242_4242_4242", "4222222222222", "4222 222 222 222",
		"3782 8224 6310 005", "3056 930902 5904", "3056 9309 0259 04", "620000 0000000000000",
		"4242.4242.4242.4242", "4242_4242_4242_4242", "4242/4242/4242/4242", "4242  4242  4242  4242", "4242 - 4242 - 4242 - 4242", "4242\t4242\n4242\r\n4242",
		"4 2 4 2 4 2 4 2 4 2 4 2 4 2 4 2", "4-2-4-2-4-2-4-2-4-2-4-2-4-2-4-2",
		"4242\u00a04242\u20094242\u202f4242", "4242\u20114242\u20134242\u22124242", "4242·4242•4242·4242", // spaces, dashes and dots beyond ASCII
		"４２４２４２４２４２４２４２４２", "４２４２ ４２４２　４２４２－４２４２", "٤٢٤٢٤٢٤٢٤٢٤٢٤٢٤٢", "𝟒𝟐𝟒𝟐𝟒𝟐𝟒𝟐𝟒𝟐𝟒𝟐𝟒𝟐𝟒𝟐", "42４２42４２42４２42４２",
		"4242\u200b4242\u200b4242\u200b4242", "4\u200b24242424242424\ufeff2", "4242\u00ad4242\u20604242\u200d4242", "4242 \u200b4242 \u200b4242 \u200b4242", "4242\u31644242\u115f4242\u034f4242",
		"12\u200b4242424242424242", "4️⃣2️⃣4️⃣2️⃣4️⃣2️⃣4️⃣2️⃣4️⃣2️⃣4️⃣2️⃣4️⃣2️⃣4️⃣2️⃣",
		"+4242424242424242", "+4242 4242 4242 4242", "+378282246310005", "++4242424242424242", "\uff0b4242424242424242", "+49 4242424242424242", "-4242424242424242",
		"ddd3413d-4106-4016-9976-6650a8106619 4242424242424242", "ddd3413d-4106-4016-9976-6650a81066194242424242424242",
		"4242424242424242-4106-4016-9976-6650a8106619", // no UUID: its first group is too long
	} {
		if !In(text) {
			t.Errorf("%q: got no, want a card number", text)
		}
	}
}

func TestOtherNumbersAreLeftAlone(t *testing.T) {
	for _, text := range []string{
		"", "42", "4242424242424241", "+4242424242424241", "+493012345678903", "+4222222222222", "+4915112345674", "+49 151 1234 5674",
		"1795229549898", "1700000000000000", "order-1795229549898", "cart-4-1795229549898-12", // times
		"0b0e4b6c-5a5e-4b57-9d5a-2f1f0c9e7a11", "01a1fbf7-4242-7424-8424-424242424242", // UUIDs
		"ddd3413d-4106-4016-9976-6650a8106619", "01a78267-2225-7124-8858-7051ad321d67", "card_01a78267-2225-7124-8858-7051ad321d67",
		"DDD3413D-4106-4016-9976-6650A8106619", "order:ddd3413d-4106-4016-9976-6650a8106619_2", "purchaseddd3413d-4106-4016-9976-6650a8106619",
		"ddd3413d-4106-4016-9976-6650a8106619-01a78267-2225-7124-8858-7051ad321d67", "/v1/orders/01a78267-2225-7124-8858-7051ad321d67/events",
		"4242424242424242a0b1c2d3e4f5a0b1", "card_4242424242424242a0b1c2d3e4f5a0b1", // a random id in hexadecimal
		"42424242424242424242", "4242 42424242 4242", "Harbour Road 7, 20457 Hamburg", "2026-11-29 08:14:58.123456",
	} {
		if In(text) {
			t.Errorf("%q: got a card number, want none", text)
		}
	}
}

func TestIDsForLogsHideNoCardNumber(t *testing.T) {
	for _, id := range []string{
		"00000000000000004242424242424242", "42424242424242420000000000000000", "4242424242424242aaaaaaaaaaaaaaaa", "a4242424242424242a", "4242424242424242",
		"f000378282246310005000000000000f", "x-4242.4242.4242.4242",
	} {
		if !InID(id) {
			t.Errorf("%s: got no, want a card number", id)
		}
	}
	for _, id := range []string{
		"0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331", "00000000000000004242424242424241", "ddd3413d-4106-4016-9976-6650a8106619", "visit-42", "",
	} {
		if InID(id) {
			t.Errorf("%s: got a card number, want none", id)
		}
	}
}

// source makes random ids, the same ones in each run.
type source struct{ *rand.ChaCha8 }

func (s source) bytes(n int) []byte {
	b := make([]byte, n)
	_, _ = s.Read(b) // never fails
	return b
}

func (s source) uuid(version byte) string {
	var id uuid.UUID
	_, _ = s.Read(id[:]) // never fails
	if version == 7 {
		ms := time.Date(2026, 11, 29, 0, 0, 0, 0, time.UTC).UnixMilli() + int64(s.Uint64()%1e11)
		for i := range 6 {
			id[i] = byte(ms >> (40 - 8*i))
		}
	}
	id[6], id[8] = id[6]&0x0f|version<<4, id[8]&0x3f|0x80
	return id.String()
}

// TestNoIDThatTheShopMakesOrAsksForIsTakenForACardNumber tries ids as the services make them. Signed tokens reach the
// gateway in the Authorization header, at which nobody looks for card numbers; they are here for clients that mix fields up.
func TestNoIDThatTheShopMakesOrAsksForIsTakenForACardNumber(t *testing.T) {
	for kind, newID := range map[string]func(source) string{
		"UUID v4":         func(s source) string { return s.uuid(4) },
		"UUID v7":         func(s source) string { return s.uuid(7) },
		"key with prefix": func(s source) string { return "order-" + s.uuid(4) + "-1" },
		"card reference":  func(s source) string { return "card_" + s.uuid(7) },
		"path of order":   func(s source) string { return "/v1/orders/" + s.uuid(7) + "/cancel" },
		"page token": func(s source) string {
			return base64.RawURLEncoding.EncodeToString(fmt.Appendf(nil, "%d %s", 1_795_000_000_000_000+s.Uint64()%1e15, s.uuid(7)))
		},
		"refresh token": func(s source) string { return hex.EncodeToString(s.bytes(32)) },
		"access token": func(s source) string {
			claims := fmt.Appendf(nil, `{"iss":"stormglass","sub":"%s","exp":%d,"iat":%d}`, s.uuid(7), 1_795_000_000+s.Uint64()%1e9, 1_795_000_000+s.Uint64()%1e9)
			return base64.RawURLEncoding.EncodeToString(fmt.Appendf(nil, `{"alg":"EdDSA","kid":"%s","typ":"JWT"}`, s.uuid(4))) + "." +
				base64.RawURLEncoding.EncodeToString(claims) + "." + base64.RawURLEncoding.EncodeToString(s.bytes(64))
		},
		"trace id": func(s source) string { return hex.EncodeToString(s.bytes(16)) },
	} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			var seed [32]byte
			copy(seed[:], kind)
			s := source{rand.NewChaCha8(seed)}
			for range perKind {
				if id := newID(s); In(id) {
					t.Fatalf("%s: got a card number, want none", id)
				}
			}
		})
	}
}

// The test above would pass if nothing were ever found: the digits of UUIDs really look like card numbers now and then.
func TestUUIDsWithoutTheirShapeAreSometimesTakenForCardNumbers(t *testing.T) {
	s := source{rand.NewChaCha8([32]byte{1})}
	found := 0
	for range perKind {
		if In(s.uuid(4)[1:]) {
			found++
		}
	}
	if found == 0 {
		t.Error("got none, want some")
	}
}

func BenchmarkIn(b *testing.B) {
	s := source{rand.NewChaCha8([32]byte{2})}
	for name, text := range map[string]string{"UUID": s.uuid(7), "words": "Ada Lovelace, Harbour Road 7, 20457 Hamburg", "MiB of groups": strings.Repeat("4444 ", 1<<20/5), "MiB of digits": strings.Repeat("4 ", 1<<19)} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				In(text)
			}
		})
	}
}
