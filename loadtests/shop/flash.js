// A flash sale: everybody wants one product of which there is little. Nothing may be oversold, and nobody may be left
// without an answer. The shop accepts every order (202) and decides afterwards: shipped, or cancelled as out_of_stock.
import { sleep } from 'k6';
import { Counter } from 'k6/metrics';
import { ask, step, word } from './client.js';
import { ordersOf } from './customers.js';
import { open } from './journey.js';
import { settings } from './settings.js';
import { checkout, fill, look, shippedOrSoldOut, track } from './steps.js';

const sold = new Counter('flash_sold');
const soldOut = new Counter('flash_sold_out');
const oversold = new Counter('flash_oversold');
const undersold = new Counter('flash_undersold');
const unaccounted = new Counter('flash_unaccounted');
const tallied = new Counter('flash_tallied');

/** flashThresholds hold the sale to its word. Both ends must have been seen, or the sale proved nothing. */
export const flashThresholds = {
  flash_sold: ['count>0'], // orders that were shipped
  flash_sold_out: ['count>0'], // orders that were told that nothing is left
  flash_tallied: ['count>0'], // orders that the tally read
  flash_oversold: ['count==0'], // pieces sold that nobody had
  flash_undersold: ['count==0'], // pieces left although somebody was told that there are none
  flash_unaccounted: ['count==0'], // orders without an end, or with another one than those two
};

/** openSale makes the customers and finds what is sold, with how much there is of it. */
export function openSale() {
  const shop = open();
  const product = settings.product ? page(settings.product) : scarcest();
  if (!(product.availability > 0)) {
    throw new Error(`flash sale: there is nothing left of ${product.id}: name another product by PRODUCT, or restock it`);
  }
  console.info(`flash sale of ${product.id}: ${product.availability} pieces`);
  return { ...shop, product: { id: product.id, stock: product.availability } };
}

/** scarcest is the limited edition of which most is left. */
function scarcest() {
  const found = ask('GET /v1/products', { query: { text: 'limited edition', page_size: 50 }, ...prepared() }).products;
  const limited = found.filter((product) => /limited edition/i.test(product.title)).map((product) => page(product.id));
  if (limited.length === 0) {
    throw new Error('flash sale: the catalogue has no limited edition: name a product by PRODUCT');
  }
  return limited.reduce((most, product) => (product.availability > most.availability ? product : most));
}

function page(id) {
  return look((route, question) => ask(route, { ...question, ...prepared() }), id);
}

function prepared() {
  return { step: 'prepare', correlation: `k6-prepare-${word(12)}` };
}

/** grab is one visit of the sale: no looking around. */
export function grab(visit, who, { product }) {
  step('view', visit, (ask) => look(ask, product.id));
  const order = checkout(visit, who, fill(visit, who, product, 1));
  const { state } = track(visit, who, order, shippedOrSoldOut);
  (state === 'shipped' ? sold : soldOut).add(1);
}

/**
 * closeSale counts what the customers have, from their own lists of orders. More pieces with customers than have left the
 * shelf are oversold. Others may buy the same product meanwhile; nobody may restock it.
 */
export function closeSale({ customers, product }) {
  const orders = customers.flatMap((who) => settled(who));
  const pieces = orders.filter((order) => order.state === 'shipped').reduce((sum, order) => sum + order.items[0].quantity, 0);
  const left = page(product.id).availability;
  if (left === null) {
    throw new Error(`flash sale: the shop does not know how much is left of ${product.id}`);
  }
  tallied.add(orders.length);
  oversold.add(Math.max(0, pieces + left - product.stock));
  undersold.add(orders.some((order) => order.reason === 'out_of_stock') ? left : 0);
  unaccounted.add(orders.filter((order) => !shippedOrSoldOut(order)).length);
  console.info(`flash sale of ${product.id}: ${orders.length} orders, ${pieces} of ${product.stock} pieces sold, ${left} left`);
}

/** settled gives a customer's orders once none is under way any more, or after ten seconds as they are. */
function settled(who) {
  let orders = ordersOf(who);
  for (let i = 0; i < 20 && orders.some((order) => order.state === 'pending' || order.state === 'confirmed'); i++) {
    sleep(0.5);
    orders = ordersOf(who);
  }
  return orders;
}
