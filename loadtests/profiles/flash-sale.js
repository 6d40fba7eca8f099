// Flash sale: a crowd buys one product of which there are fifty. Nothing is oversold, everything is sold, and everybody
// else is told so.
import { closeSale, flashThresholds, grab, openSale } from '../shop/flash.js';
import { visitor } from '../shop/journey.js';
import { plan } from '../shop/plan.js';
import { summarize } from '../shop/summary.js';

const profile = {
  name: 'flash-sale',
  duration: '20s',
  phases: [{ name: 'sale', share: 1, from: 20, to: 20 }],
  hold: 5,
  newcomers: 0,
  limits: { failures: 0, slack: 2, steps: ['view', 'cart', 'checkout', 'track'], extra: flashThresholds },
};

/** tally says how the sale ended. What was accepted must be in the customers' lists of orders. */
function tally(results, { metrics }) {
  const count = (name) => (metrics[name] ? metrics[name].values.count : 0);
  const lost = results.steps.checkout.done - count('flash_tallied');
  if (lost > 0) {
    results.verdict = 'FAIL';
  }
  return `${count('flash_sold')} orders shipped, ${count('flash_sold_out')} told that it is sold out, ${count('flash_oversold')} pieces oversold, ${Math.max(0, lost)} orders lost`;
}

export const options = plan(profile);
export const setup = openSale;
export default visitor(profile, grab);
export const teardown = closeSale;
export const handleSummary = summarize(profile, tally);
