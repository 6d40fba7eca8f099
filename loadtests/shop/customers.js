// Customers with an account, a session and a card. Passwords are hashed slowly on purpose, so those who come back are
// made before the visits begin, one for each of k6's virtual users: nobody is in the shop twice at a time, for everybody
// has one cart.
import { sleep } from 'k6';
import exec from 'k6/execution';
import { ask, askAll, need, reason, step, word } from './client.js';

/** password of everybody here. */
const password = 'correct horse battery';

/** atOnce is how many customers are made side by side: the shop turns away whom it lets wait too long. */
const atOnce = 4;

/** tries is how often a customer who is turned away comes back while the visits are prepared, every comeBack seconds. */
const tries = 50;
const comeBack = 0.2;

/** account is what somebody registers with. */
function account(key) {
  return { email: `${key}@example.com`, password, name: 'Ada Lovelace', phone: '+4930123456' };
}

/** prepare makes n customers. */
export function prepare(n) {
  const run = word(12);
  const pool = [];
  while (pool.length < n) {
    const keys = Array.from({ length: Math.min(atOnce, n - pool.length) }, (_, i) => `${run}-${letters(pool.length + i)}`);
    pool.push(...together(keys));
  }
  return pool;
}

function together(keys) {
  const common = { step: 'prepare', expect: 201 };
  const asked = (key, more) => ({ ...common, correlation: `k6-prepare-${key}`, ...more });
  insist('POST /v1/users', keys.map((key) => asked(key, { key, body: account(key) })));
  const sessions = insist('POST /v1/sessions', keys.map((key) => asked(key, { body: { email: account(key).email, password } })));
  const cards = insist('POST /v1/cards', keys.map((key, i) => asked(key, { key, token: sessions[i].access_token, body: { token: 'pm_card_visa' } })));
  return keys.map((_, i) => customer(sessions[i], cards[i]));
}

/** insist asks until every question has its answer. What is asked is harmless to repeat. */
function insist(route, questions) {
  const answers = questions.map(() => null);
  for (let attempt = 0; ; attempt++) {
    const open = questions.map((_, i) => i).filter((i) => answers[i] === null);
    if (open.length === 0) {
      return answers;
    }
    if (attempt > 0) {
      sleep(comeBack);
    }
    askAll(route, open.map((i) => questions[i])).forEach((answer, i) => {
      const busy = [429, 502, 503, 504].includes(answer.status);
      if (answer.status === questions[open[i]].expect) {
        answers[open[i]] = answer.json();
      } else if (!busy || attempt === tries) {
        throw new Error(`prepare customers: ${route} at ${answer.url}: ${answer.status || answer.error}: ${reason(answer)}`);
      }
    });
  }
}

function customer(session, card) {
  return {
    token: need(session.access_token, 'an access token'), refresh: session.refresh_token, card: need(card.card_ref, 'a card reference'),
    issued: Date.now(), life: session.expires_in * 1000,
  };
}

/** mine is the customer of this virtual user; each has its own copy of this module. */
let mine = null;

/** regular gives this virtual user's customer, with a session that is good for a visit. */
export function regular(pool, visit) {
  const place = exec.vu.idInTest - 1;
  if (place >= pool.length) {
    throw new Error(`virtual user ${place + 1} has no customer: ${pool.length} were made`);
  }
  mine = mine || { ...pool[place] };
  if (Date.now() - mine.issued > mine.life * 0.8) {
    renew(mine, visit);
  }
  return mine;
}

/** renew trades the refresh token, which is good for one refresh. */
function renew(who, visit) {
  step('refresh', visit, (ask) => {
    const session = ask('POST /v1/sessions/refresh', { body: { refresh_token: who.refresh } });
    who.token = need(session.access_token, 'an access token');
    who.refresh = need(session.refresh_token, 'a refresh token');
    who.issued = Date.now();
  });
}

/** newcomer makes an account, logs in and hands a card over. */
export function newcomer(visit) {
  const key = visit.correlation;
  step('register', visit, (ask) => need(ask('POST /v1/users', { key, body: account(key), expect: 201 }).user_id, 'a user id'));
  const session = step('log_in', visit, (ask) => {
    const got = ask('POST /v1/sessions', { body: { email: account(key).email, password }, expect: 201 });
    need(got.access_token, 'an access token');
    return got;
  });
  return step('card', visit, (ask) => customer(session, ask('POST /v1/cards', { key, token: session.access_token, body: { token: 'pm_card_visa' }, expect: 201 })));
}

/** ordersOf lists all that a customer has ordered. */
export function ordersOf(who) {
  const orders = [];
  for (let next = ''; ; ) {
    const query = next ? { page_size: 100, page_token: next } : { page_size: 100 };
    const page = ask('GET /v1/orders', { token: who.token, query, step: 'tally', correlation: `k6-tally-${word(12)}` });
    orders.push(...need(page.orders, 'orders'));
    next = page.next_page_token;
    if (!next) {
      return orders;
    }
  }
}

/** letters writes a number in letters, 0 as a, 26 as ba. */
function letters(n) {
  return [...n.toString(26)].map((digit) => 'abcdefghijklmnopqrstuvwxyz'[parseInt(digit, 26)]).join('');
}
