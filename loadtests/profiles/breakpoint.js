// Breakpoint: more and more visitors, until a limit breaks, which ends the run. It says how many a second the shop bore.
// A shop that breaks before it bears what the profile average brings at its height is red.
import { open, visitor } from '../shop/journey.js';
import { plan } from '../shop/plan.js';
import { settings } from '../shop/settings.js';
import { summarize } from '../shop/summary.js';

/** enough is what the profile average brings, in visits a second. */
const enough = 10;
const climb = { name: 'climb', share: 1, from: 2, to: 120 };

const profile = {
  name: 'breakpoint',
  duration: '5m',
  phases: [climb],
  hold: 3,
  limits: { failures: 0.05, slack: 2, dropped: 0.001, abort: true },
};

/** verdict takes a limit that broke late enough for what was looked for. */
function verdict(results) {
  const height = Math.min(1, results.visits.last_s / results.planned_s);
  const bore = (climb.from + (climb.to - climb.from) * height) * settings.rate;
  results.broke = results.thresholds.broken.length > 0;
  results.bore_per_second = Math.round(bore * 10) / 10;
  results.verdict = results.bore_per_second >= enough * settings.rate && results.steps.track.done > 0 ? 'PASS' : 'FAIL';
  return results.broke
    ? `it broke at ${results.bore_per_second} visits a second`
    : `it did not break: it bore ${results.bore_per_second} visits a second; raise RATE`;
}

export const options = plan(profile);
export const setup = open;
export default visitor(profile);
export const handleSummary = summarize(profile, verdict);
