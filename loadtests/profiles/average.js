// Average: an ordinary hour, in two minutes. Does the shop keep its promises under the load of every day?
import { open, visitor } from '../shop/journey.js';
import { plan } from '../shop/plan.js';
import { summarize } from '../shop/summary.js';

const profile = {
  name: 'average',
  duration: '2m',
  phases: [
    { name: 'opening', share: 0.2, from: 1, to: 10 },
    { name: 'steady', share: 0.7, from: 10, to: 10 },
    { name: 'closing', share: 0.1, from: 10, to: 1 },
  ],
  hold: 5,
  limits: { failures: 0.001, promises: ['steady'] },
};

export const options = plan(profile);
export const setup = open;
export default visitor(profile);
export const handleSummary = summarize(profile);
