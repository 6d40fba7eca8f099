// Stress: three times the average, and a while of it. The shop may be slower; it may not lose what it promises.
import { open, visitor } from '../shop/journey.js';
import { plan } from '../shop/plan.js';
import { summarize } from '../shop/summary.js';

const profile = {
  name: 'stress',
  duration: '3m',
  phases: [
    { name: 'opening', share: 0.1, from: 5, to: 10 },
    { name: 'climb', share: 0.2, from: 10, to: 30 },
    { name: 'high', share: 0.5, from: 30, to: 30 },
    { name: 'closing', share: 0.2, from: 30, to: 5 },
  ],
  hold: 5,
  limits: { failures: 0.01, slack: 2, dropped: 0.001 },
};

export const options = plan(profile);
export const setup = open;
export default visitor(profile);
export const handleSummary = summarize(profile);
