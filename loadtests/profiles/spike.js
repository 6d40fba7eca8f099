// Spike: within a moment ten times as many. Some may be turned away while it lasts; afterwards all must be as it was.
import { open, visitor } from '../shop/journey.js';
import { plan } from '../shop/plan.js';
import { summarize } from '../shop/summary.js';

const profile = {
  name: 'spike',
  duration: '90s',
  phases: [
    { name: 'calm', share: 0.25, from: 4, to: 4 },
    { name: 'spike', share: 0.25, from: 40, to: 40 },
    { name: 'settling', share: 0.15, from: 4, to: 4 },
    { name: 'recovered', share: 0.35, from: 4, to: 4 },
  ],
  hold: 5,
  limits: { failures: 0.1, slack: 6, dropped: 0.02, promises: ['calm', 'recovered'] },
};

export const options = plan(profile);
export const setup = open;
export default visitor(profile);
export const handleSummary = summarize(profile);
