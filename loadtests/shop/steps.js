// The steps of a visit, each in the words of the shop's public API.
import { Failure, need, step } from './client.js';

/** words are what visitors search for. */
const words = ['lamp', 'desk lamp', 'kettle', 'chair', 'tent', 'headphones', 'notebook', 'teapot', 'garden', 'steel'];

/** plenty is how many pieces there must be of what a visitor takes, so that nobody is told afterwards that it is sold out. */
const plenty = 20;

/** looks is how many products a visitor looks at before giving up on the shelf. */
const looks = 5;

const address = { name: 'Ada Lovelace', street: 'Harbour Road 7', postcode: '20457', city: 'Hamburg', country: 'DE' };

/** browse opens the shop's first page and one of its categories. */
export function browse(visit) {
  return step('browse', visit, (ask) => {
    const { categories } = ask('GET /v1/categories', {});
    const slug = pick(need(categories, 'categories')).slug;
    return shown(ask('GET /v1/products', { query: { category: slug, page: 1 + Math.floor(Math.random() * 2) } }));
  });
}

/** search looks for words. */
export function search(visit) {
  return step('search', visit, (ask) => shown(ask('GET /v1/products', { query: { text: pick(words), page_size: 20 } })));
}

function shown(page) {
  if (!page.products || page.products.length === 0) {
    throw new Failure('the answer lacks products');
  }
  return page.products;
}

/** view looks at products until there is plenty of one. */
export function view(visit, products) {
  return step('view', visit, (ask) => {
    for (let i = 0; i < looks; i++) {
      const product = look(ask, pick(products).id);
      if (product.availability === null || product.availability >= plenty) {
        return product;
      }
    }
    throw new Failure(`there are fewer than ${plenty} pieces of each of ${looks} products: restock the shop`);
  });
}

/** look reads one product's page. Its availability is null while the shop does not know. */
export function look(ask, id) {
  const product = ask('GET /v1/products/{id}', { path: { id } });
  need(product.id, "the product's id");
  return product;
}

/** fill makes the cart hold this product alone. */
export function fill(visit, who, product, quantity) {
  return step('cart', visit, (ask) => {
    ask('DELETE /v1/cart', { token: who.token }); // what an earlier visit may have left
    const cart = ask('PUT /v1/cart/items/{product_id}', { path: { product_id: product.id }, token: who.token, body: { quantity } });
    if (!cart.items || cart.items.length !== 1 || cart.items[0].quantity !== quantity) {
      throw new Failure(`the cart does not hold ${quantity} of one product`);
    }
    return cart;
  });
}

/** checkout orders what the cart said. The shop answers 202 and decides afterwards. */
export function checkout(visit, who, cart) {
  return step('checkout', visit, (ask) => {
    const order = ask('POST /v1/orders', {
      token: who.token, key: visit.correlation, expect: 202,
      body: { cart_version: cart.version, expected_total: cart.total, card_ref: who.card, address },
    });
    need(order.id, "the order's id");
    if (!order.total || order.total.minor !== cart.total.minor) {
      throw new Failure('the order has another total than the cart');
    }
    return order;
  });
}

/**
 * track watches an order until it is final, by one request whose answer ends with the order's last state, and gives the
 * order's page. ends tells which ends are right.
 */
export function track(visit, who, order, ends) {
  return step('track', visit, (ask) => {
    const path = { id: order.id };
    const last = lastState(ask('GET /v1/orders/{id}/events', { path, token: who.token, raw: true, timeout: '40s' }));
    const page = ask('GET /v1/orders/{id}', { path, token: who.token });
    if (!ends(last)) {
      throw new Failure(`order ${order.id} ended ${last.state} (${last.reason || 'no reason'})`);
    }
    if (page.order.state !== last.state) {
      throw new Failure(`order ${order.id} is ${page.order.state} on its page and ${last.state} in its events`);
    }
    return page.order;
  });
}

/** shipped is how an order should end. */
export function shipped(last) {
  return last.state === 'shipped';
}

/** shippedOrSoldOut is how an order may end of which there is less than is wanted. */
export function shippedOrSoldOut(last) {
  return last.state === 'shipped' || (last.state === 'cancelled' && last.reason === 'out_of_stock');
}

/** lastState is the last event of a stream of server-sent events. */
function lastState(stream) {
  const data = stream.split('\n').filter((line) => line.startsWith('data: '));
  if (data.length === 0) {
    throw new Failure('the stream of events has no event');
  }
  return JSON.parse(data[data.length - 1].slice('data: '.length));
}

function pick(list) {
  return list[Math.floor(Math.random() * list.length)];
}
