package gateway

import "testing"

func TestCardNumbersAreFoundInAnyText(t *testing.T) {
	for _, text := range []string{
		"4242424242424242", "4242 4242 4242 4242", "4242-4242-4242-4242", "378282246310005", "3782 822463 10005",
		"5555555555554444", "2223003122003222", "6011111111111117", "30569309025904", "3566002020360505", "6304000000000000",
		"my card is 4242 4242 4242 4242, thanks", "card4242424242424242@example.com", "key-4242-4242-4242-4242", "20457 4242 4242 4242 4242",
	} {
		if !hasCardNumber(text) {
			t.Errorf("%q: got no, want a card number", text)
		}
	}
}

func TestOtherNumbersAreLeftAlone(t *testing.T) {
	for _, text := range []string{
		"", "42", "4242424242424241", "+4242424242424242", "+493012345678903",
		"1795229549898", "1700000000000000", "order-1795229549898", // times
		"0b0e4b6c-5a5e-4b57-9d5a-2f1f0c9e7a11", "01a1fbf7-4242-7424-8424-424242424242", // UUIDs
		"4242424242424242a0b1c2d3e4f5a0b1", // a random id in hexadecimal
		"42424242424242424242", "4242 42424242 4242", "Harbour Road 7, 20457 Hamburg",
	} {
		if hasCardNumber(text) {
			t.Errorf("%q: got a card number, want none", text)
		}
	}
}
