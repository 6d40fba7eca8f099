// The results: a table for people, and JSON for programs (SUMMARY).
import { steps } from './limits.js';
import { lengthOf } from './plan.js';
import { settings } from './settings.js';

/** summarize makes k6's handleSummary for a profile. note may add a sentence to the results. */
export function summarize(profile, note = () => '') {
  return (data) => {
    const results = resultsOf(profile, data);
    const came = results.visits.made + results.visits.dropped > 0;
    results.note = came ? note(results, data) : 'no visitor came in';
    const out = { stdout: came ? table(results) : `\n${results.profile}: FAIL: ${results.note}\n\n` };
    if (settings.summary) {
      out[settings.summary] = `${JSON.stringify({ ...results, metrics: data.metrics }, null, 2)}\n`;
    }
    return out;
  };
}

function resultsOf(profile, { metrics, state }) {
  const value = (name, key) => (metrics[name] ? metrics[name].values[key] : 0);
  const rules = Object.entries(metrics).flatMap(([metric, { thresholds = {}, values }]) => Object.entries(thresholds).map(([rule, { ok }]) => ({ metric, rule, ok, values })));
  const broken = rules.filter(({ ok }) => !ok);
  return {
    profile: profile.name, base_url: settings.baseURL, rate: settings.rate, planned_s: lengthOf(profile), took_s: state.testRunDurationMs / 1000,
    verdict: broken.length === 0 && rules.length > 0 ? 'PASS' : 'FAIL',
    visits: { made: value('iterations', 'count'), dropped: value('dropped_iterations', 'count'), last_s: value('visit_began', 'max') },
    steps: Object.fromEntries(Object.keys(steps).filter((name) => metrics[`step_duration{step:${name}}`]).map((name) => [name, stepOf(name, value)])),
    thresholds: { checked: rules.length, broken: broken.map(({ metric, rule, values }) => ({ metric, rule, got: got(rule, values) })) },
  };
}

/** stepOf is what came of one step; the rate is over the whole run, its preparation included. */
function stepOf(name, value) {
  const tag = `{step:${name}}`;
  const time = (key) => Math.round(value(`step_duration${tag}`, key) * 10) / 10;
  return {
    done: value(`step_done${tag}`, 'count'), failed: value(`step_failed${tag}`, 'passes'),
    p50_ms: time('med'), p95_ms: time('p(95)'), p99_ms: time('p(99)'), max_ms: time('max'),
  };
}

/** got is the value that a rule such as p(95)<300 looked at. */
function got(rule, values) {
  const value = values[/^[a-z]+(\(\d+\))?/.exec(rule)[0]];
  return value === undefined ? null : Math.round(value * 1000) / 1000;
}

function table(results) {
  const row = (...cells) => `  ${cells.map((cell, i) => (i === 0 ? String(cell).padEnd(10) : String(cell).padStart(9))).join('')}\n`;
  const accepted = results.steps.checkout.done;
  const arriving = Math.max(1, Math.min(results.planned_s, Math.round(results.visits.last_s))); // a run may be cut short
  let text = `\n${results.profile}: ${results.verdict}\n\n`;
  text += row('step', 'done', 'failed', 'p50 ms', 'p95 ms', 'p99 ms', 'max ms');
  for (const [name, step] of Object.entries(results.steps)) {
    text += row(name, step.done, step.failed, step.p50_ms, step.p95_ms, step.p99_ms, step.max_ms);
  }
  text += `\n  ${results.visits.made} visits, ${results.visits.dropped} dropped, `;
  text += `${accepted} orders accepted: ${(accepted / arriving).toFixed(1)} a second over ${arriving} s\n`;
  text += results.note ? `  ${results.note}\n` : '';
  for (const { metric, rule, got: value } of results.thresholds.broken) {
    text += `  BROKEN ${metric}: ${rule}, got ${value}\n`;
  }
  return `${text}\n`;
}
