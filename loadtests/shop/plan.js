// How many visitors arrive when, and what k6 must have ready for them. Visitors arrive whether the shop answers or not
// (an open model), so a slow shop meets more of them at once, as it would outside.
import exec from 'k6/execution';
import { Gauge } from 'k6/metrics';
import { seconds, settings } from './settings.js';
import { newcomerShare, thresholds } from './limits.js';

/**
 * plan makes k6's options from a profile:
 *
 *   name       what it is called in reports
 *   duration   its default length, such as 2m
 *   phases     {name, share, from, to}: for this share of the duration, arrivals go from one rate to another, a second
 *   hold       how many seconds a visit may last on average before there is nobody left to make the next one
 *   newcomers  the share of visitors who make an account first; default 0.1
 *   renews     how many seconds a run lasts at least in which sessions must be renewed; default: never
 *   limits     see limits.js
 */
export function plan(profile) {
  const length = lengthOf(profile);
  const peak = Math.max(...profile.phases.flatMap((phase) => [phase.from, phase.to])) * settings.rate;
  const visitors = Math.ceil(peak * profile.hold) + 5;
  return {
    scenarios: {
      [profile.name]: {
        executor: 'ramping-arrival-rate',
        timeUnit: '1m', // so that a rate below one a second is a whole number as well
        startRate: perMinute(profile.phases[0].from),
        stages: stages(profile.phases, length),
        preAllocatedVUs: visitors,
        maxVUs: visitors,
        gracefulStop: '45s', // longer than a visitor waits for an order's end
      },
    },
    thresholds: thresholds(profile, arrivals(profile.phases, length), length),
    setupTimeout: '10m',
    teardownTimeout: '3m',
    summaryTrendStats: ['count', 'avg', 'min', 'med', 'p(95)', 'p(99)', 'max'],
    systemTags: ['name', 'method', 'status', 'scenario', 'expected_response', 'error_code'], // no addresses: they hold ids
    userAgent: 'stormglass-loadtest',
  };
}

/** newcomerEvery is how many visitors there are to one who makes an account first; 0: nobody does. */
export function newcomerEvery(profile) {
  const share = newcomerShare(profile);
  return share === 0 ? 0 : Math.round(1 / share);
}

/** visitBegan is when visits began, in seconds after the first could. */
const visitBegan = new Gauge('visit_began');

/** begin notes that a visit begins and gives the name of the phase in which it does. */
export function begin(profile) {
  const length = lengthOf(profile);
  const passed = (Date.now() - exec.scenario.startTime) / 1000;
  visitBegan.add(passed);
  let end = 0;
  for (const phase of profile.phases) {
    end += phase.share * length;
    if (passed < end) {
      return phase.name;
    }
  }
  return profile.phases[profile.phases.length - 1].name;
}

/** lengthOf is how long a profile's visitors arrive, in seconds. */
export function lengthOf(profile) {
  return settings.duration || seconds(profile.duration);
}

/** arrivals is how many visitors the phases bring, also by phase. */
function arrivals(phases, length) {
  const count = { all: 0 };
  for (const phase of phases) {
    count[phase.name] = ((phase.from + phase.to) / 2) * settings.rate * phase.share * length;
    count.all += count[phase.name];
  }
  return count;
}

function stages(phases, length) {
  return phases.flatMap((phase, i) => {
    const jump = i > 0 && phase.from !== phases[i - 1].to ? [{ duration: '0s', target: perMinute(phase.from) }] : [];
    return [...jump, { duration: `${Math.max(1, Math.round(phase.share * length * 1000))}ms`, target: perMinute(phase.to) }];
  });
}

function perMinute(rate) {
  return Math.max(1, Math.round(rate * settings.rate * 60));
}
