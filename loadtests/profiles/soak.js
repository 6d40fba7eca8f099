// Soak: the load of every day, for an hour. What leaks, fills up or expires shows itself here: sessions are renewed, as
// access tokens are good for 15 minutes.
import { open, visitor } from '../shop/journey.js';
import { plan } from '../shop/plan.js';
import { summarize } from '../shop/summary.js';

const profile = {
  name: 'soak',
  duration: '1h',
  phases: [{ name: 'steady', share: 1, from: 5, to: 5 }],
  hold: 6,
  renews: 900, // seconds after which sessions must have been renewed
  limits: { failures: 0.001, dropped: 0.0005 },
};

export const options = plan(profile);
export const setup = open;
export default visitor(profile);
export const handleSummary = summarize(profile);
