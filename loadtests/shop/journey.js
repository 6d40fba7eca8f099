// One visit, from the door to the parcel.
import http from 'k6/http';
import exec from 'k6/execution';
import { Cut, Failure, word } from './client.js';
import { newcomer, prepare, regular } from './customers.js';
import { begin, newcomerEvery } from './plan.js';
import { settings } from './settings.js';
import { browse, checkout, fill, search, shipped, track, view } from './steps.js';

/** most is how many failures each virtual user writes down; the counts have all of them. */
const most = 2;
let written = 0;

/** open makes sure that there is a shop, and makes its regulars: one for each virtual user of the profile. */
export function open() {
  const answer = http.get(`${settings.baseURL}/openapi.json`, { timeout: '5s', tags: { name: 'GET /openapi.json', step: 'prepare' } });
  if (answer.status !== 200) {
    exec.test.abort(`there is no shop at BASE_URL=${settings.baseURL} (${answer.status || answer.error}): start one, or name another address`);
  }
  const [scenario] = Object.values(exec.test.options.scenarios);
  return { customers: prepare(scenario.maxVUs) };
}

/** visitor makes the function that k6 calls for each arrival of a profile. */
export function visitor(profile, shop = buy) {
  const every = newcomerEvery(profile);
  return (data) => {
    exec.vu.metrics.tags.phase = begin(profile);
    const visit = { correlation: `k6-${word(20)}` };
    try {
      const isNew = every > 0 && exec.scenario.iterationInTest % every === 0;
      shop(visit, isNew ? newcomer(visit) : regular(data.customers, visit), data);
    } catch (error) {
      tell(error);
    }
  };
}

/** buy looks around and buys one or two pieces of something. */
function buy(visit, who) {
  const shelf = browse(visit);
  const found = search(visit);
  const product = view(visit, [...shelf, ...found]);
  const cart = fill(visit, who, product, 1 + Math.floor(Math.random() * 2));
  track(visit, who, checkout(visit, who, cart), shipped);
}

/** tell writes a failure down; anything else is a mistake of these scripts and goes on to k6. */
function tell(error) {
  if (!(error instanceof Failure)) {
    throw error;
  }
  if (written < most && !(error instanceof Cut)) {
    written++;
    console.warn(error.message);
  }
}
