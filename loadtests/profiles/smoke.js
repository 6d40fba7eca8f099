// Smoke: does every step work? Two visitors a second, for twenty seconds.
import { open, visitor } from '../shop/journey.js';
import { plan } from '../shop/plan.js';
import { summarize } from '../shop/summary.js';

const profile = {
  name: 'smoke',
  duration: '20s',
  phases: [{ name: 'steady', share: 1, from: 2, to: 2 }],
  hold: 5,
  limits: { failures: 0 },
};

export const options = plan(profile);
export const setup = open;
export default visitor(profile);
export const handleSummary = summarize(profile);
