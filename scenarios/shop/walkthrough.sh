# Register and log in; the token is good for 15 minutes.
shop=BASE
curl -sS $shop/v1/users -H 'Content-Type: application/json' -H "Idempotency-Key: user-$$" -d '{"email": "ada-'$$'@example.com", "password": "correct horse battery", "name": "Ada Lovelace"}'
token=$(curl -sS $shop/v1/sessions -H 'Content-Type: application/json' -d '{"email": "ada-'$$'@example.com", "password": "correct horse battery"}' | sed 's/.*"access_token":"\([^"]*\)".*/\1/')

# Look for a lamp and put it into the cart.
curl -sS "$shop/v1/products?text=desk+lamp&page_size=3"
lamp=$(curl -sS "$shop/v1/products?text=desk+lamp&page_size=1" | sed 's/{"products":\[{"id":"\([^"]*\)".*/\1/')
cart=$(curl -sS -X PUT $shop/v1/cart/items/$lamp -H "Authorization: Bearer $token" -H 'Content-Type: application/json' -d '{"quantity": 1}')
echo "$cart"

# Trade the card processor's token for a reference; card numbers never enter the shop.
card=$(curl -sS $shop/v1/cards -H "Authorization: Bearer $token" -H 'Content-Type: application/json' -H "Idempotency-Key: card-$$" -d '{"token": "pm_card_visa"}' | sed 's/.*"card_ref":"\([^"]*\)".*/\1/')

# Order what the cart said; the answer is 202, and the order is decided afterwards.
version=$(echo "$cart" | sed 's/.*"version":\([0-9]*\).*/\1/')
total=$(echo "$cart" | sed 's/.*"total":\({[^}]*}\).*/\1/')
order=$(curl -sS $shop/v1/orders -H "Authorization: Bearer $token" -H 'Content-Type: application/json' -H "Idempotency-Key: order-$$" -d '{"cart_version": '$version', "expected_total": '"$total"', "card_ref": "'$card'", "address": {"name": "Ada Lovelace", "street": "Harbour Road 7", "postcode": "20457", "city": "Hamburg", "country": "DE"}}' | sed 's/{"id":"\([^"]*\)".*/\1/')

# Follow it until it is shipped, then read it with its payment and its parcel.
curl -sS -N $shop/v1/orders/$order/events -H "Authorization: Bearer $token"
curl -sS $shop/v1/orders/$order -H "Authorization: Bearer $token"
