// One question to the shop: its headers, its tags, and what counts as an answer.
import http from 'k6/http';
import exec from 'k6/execution';
import { Counter, Rate, Trend } from 'k6/metrics';
import { settings } from './settings.js';

// What came of each step of a visit, by the tag step: how long it took in milliseconds whatever came of it, whether it
// failed, and how often it was done.
const stepDuration = new Trend('step_duration', true);
const stepFailed = new Rate('step_failed');
const stepDone = new Counter('step_done');

/** Failure is an answer that a customer cannot go on with. */
export class Failure extends Error {}

/** Cut is a question that was cut short because the run ends. It tells nothing of the shop. */
export class Cut extends Failure {}

/**
 * step does one step of a visit. work gets a function to ask the shop with; what it throws makes the step a failed one
 * and ends the visit.
 */
export function step(name, visit, work) {
  const begin = Date.now();
  let broken = true;
  try {
    const result = work((route, question) => ask(route, { ...question, step: name, correlation: visit.correlation }));
    broken = false;
    return result;
  } finally {
    stepDuration.add(Date.now() - begin, { step: name });
    stepFailed.add(broken, { step: name });
    stepDone.add(broken ? 0 : 1, { step: name });
  }
}

/**
 * ask sends one request and gives the answer's JSON (or its text, where raw). route is a method and a path with {names},
 * which become the tag `name`; the question holds:
 *
 *   path      values for the {names}        query     parameters
 *   token     access token                  key       idempotency key
 *   body      is sent as JSON               expect    the status that is right; default 200
 *   timeout   default 10s                   raw       true: the answer is text
 */
export function ask(route, question) {
  const answer = http.request(...request(route, question));
  return read(route, question, answer);
}

/** askAll sends several questions side by side and gives the answers as they are. */
export function askAll(route, questions) {
  const requests = questions.map((question) => {
    const [method, url, body, params] = request(route, question);
    return { method, url, body, params };
  });
  return http.batch(requests);
}

function request(route, question) {
  const [method, pattern] = route.split(' ');
  const path = pattern.replace(/\{(\w+)\}/g, (_, name) => encodeURIComponent(question.path[name]));
  const query = Object.entries(question.query || {}).map(([name, value]) => `${name}=${encodeURIComponent(value)}`).join('&');
  return [method, `${settings.baseURL}${path}${query && `?${query}`}`, question.body ? JSON.stringify(question.body) : null, {
    headers: headers(question),
    tags: { name: route, step: question.step },
    timeout: question.timeout || '10s',
    responseCallback: http.expectedStatuses(question.expect || 200),
  }];
}

/** headers join the request to its trace (W3C Trace Context) and to the visit it belongs to. */
function headers({ token, key, body, correlation }) {
  const trace = hex(32);
  exec.vu.metrics.metadata.trace_id = trace;
  const all = { traceparent: `00-${trace}-${hex(16)}-01`, 'X-Correlation-ID': correlation };
  if (token) {
    all.Authorization = `Bearer ${token}`;
  }
  if (key) {
    all['Idempotency-Key'] = key;
  }
  if (body) {
    all['Content-Type'] = 'application/json';
  }
  return all;
}

function read(route, { expect = 200, raw, correlation }, answer) {
  if (answer.status === 0 && answer.error === 'context canceled') {
    throw new Cut(route);
  }
  if (answer.status !== expect) {
    throw new Failure(`${route}: ${answer.status || answer.error}, want ${expect}: ${reason(answer)} (correlation id ${correlation})`);
  }
  if (raw) {
    return answer.body;
  }
  try {
    return answer.json();
  } catch {
    throw new Failure(`${route}: ${answer.status} without JSON (correlation id ${correlation})`);
  }
}

/** reason is why the shop said no, in its own words (RFC 9457). */
export function reason(answer) {
  try {
    const problem = answer.json();
    return `${problem.reason}: ${problem.detail}`;
  } catch {
    return 'no problem document';
  }
}

/** need gives what an answer must hold, or ends the step. */
export function need(value, what) {
  if (value === undefined || value === null || value === '') {
    throw new Failure(`the answer lacks ${what}`);
  }
  return value;
}

/** word makes a random word of n letters. Letters only: digits might look like a card number, which the shop refuses. */
export function word(n) {
  return random(n, 'abcdefghijklmnopqrstuvwxyz');
}

function hex(n) {
  return random(n, '0123456789abcdef');
}

function random(n, alphabet) {
  let text = '';
  for (let i = 0; i < n; i++) {
    text += alphabet[Math.floor(Math.random() * alphabet.length)];
  }
  return text;
}
