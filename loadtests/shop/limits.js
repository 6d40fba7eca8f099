// What the shop must keep. Every limit on time or failures stands beside a count, since k6 takes a limit without samples
// for kept: what was hardly measured is red.
import { settings } from './settings.js';

/** steps are those of a visit, with the limits of their times in milliseconds. */
export const steps = {
  register: { p95: 1000, p99: 2000, newcomers: true }, // one password is hashed, slowly on purpose
  log_in: { p95: 1000, p99: 2000, newcomers: true },
  card: { p95: 500, p99: 1500, newcomers: true },
  browse: { p95: 300, p99: 800 },
  search: { p95: 300, p99: 800 },
  view: { p95: 300, p99: 800 },
  cart: { p95: 300, p99: 800 },
  checkout: { p95: 500, p99: 1500 },
  track: { p95: 3000, p99: 8000 }, // until the parcel is on its way
  refresh: { p95: 500, p99: 1500, long: true },
};

/** leastShare of the planned visits must have made each step: enough to be worth judging. */
const leastShare = 0.5;

/**
 * thresholds are k6's for a profile's `limits`:
 *
 *   failures   the share of a step that may fail; default 0.01
 *   slack      factor on the limits of time; default 1
 *   dropped    the share of visits that may find nobody to make them; default 0
 *   steps      names of the steps that are made; default: all, refresh only in runs longer than the profile's `renews`
 *   promises   names of phases in which checkout and tracking must hold on their own, without slack
 *   abort      true: the run ends as soon as a limit breaks
 *   extra      more thresholds of the profile's own
 */
export function thresholds(profile, arrivals, length) {
  const limits = { failures: 0.01, slack: 1, dropped: 0, steps: usual(profile, length), promises: [], extra: {}, ...profile.limits };
  const set = {
    iterations: [`count>=${Math.floor(arrivals.all * (limits.abort ? 0 : 0.9)) || 1}`],
    dropped_iterations: [rule(`count<=${Math.floor(arrivals.all * limits.dropped)}`, limits.abort)],
    ...limits.extra,
  };
  for (const name of limits.steps) {
    const share = steps[name].newcomers ? newcomerShare(profile) : 1;
    if (share > 0) {
      const least = limits.abort || steps[name].long ? 1 : Math.max(1, Math.floor(arrivals.all * share * leastShare));
      Object.assign(set, ofStep(name, `step:${name}`, { ...limits, least }));
    }
  }
  for (const phase of limits.promises) {
    for (const name of ['checkout', 'track']) {
      const least = Math.max(1, Math.floor(arrivals[phase] * leastShare));
      Object.assign(set, ofStep(name, `step:${name},phase:${phase}`, { failures: 0.01, slack: 1, least }));
    }
  }
  return set;
}

/** usual are the steps that a profile's visitors make; sessions are renewed only in long runs. */
function usual(profile, length) {
  return Object.keys(steps).filter((name) => !steps[name].long || (profile.renews && length > profile.renews));
}

function ofStep(name, tags, { failures, slack, least, abort }) {
  const factor = slack * settings.latency;
  return {
    [`step_duration{${tags}}`]: [
      rule(`p(95)<${Math.round(steps[name].p95 * factor)}`, abort),
      rule(`p(99)<${Math.round(steps[name].p99 * factor)}`, abort),
    ],
    [`step_failed{${tags}}`]: [rule(`rate<=${failures}`, abort)],
    [`step_done{${tags}}`]: [`count>=${least}`],
  };
}

/** rule is a threshold that may end the run, once enough has been seen to trust it. */
function rule(threshold, abort) {
  return abort ? { threshold, abortOnFail: true, delayAbortEval: '10s' } : threshold;
}

/** newcomerShare is the share of visitors who make an account first. */
export function newcomerShare(profile) {
  return profile.newcomers === undefined ? 0.1 : profile.newcomers;
}
