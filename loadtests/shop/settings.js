// What a run is told by its environment. Every wrong value is named at once, with what is expected, before anything is sent.
//
//   BASE_URL  where the shop is; default http://127.0.0.1:8080
//   RATE      factor on the profile's arrivals a second; default 1
//   DURATION  how long visitors arrive, such as 90s, 10m or 1h30m; each profile has its own default
//   LATENCY   factor on all limits of time, for slow machines and long ways; default 1
//   PRODUCT   flash-sale only: the id of what is sold; default: the limited edition of which most is left
//   SUMMARY   path of a file for the results as JSON; default: none

const wrong = [];

/** settings are what the environment says, in numbers and seconds. duration is null where the profile decides. */
export const settings = {
  baseURL: read('BASE_URL', 'http://127.0.0.1:8080', url, 'a URL without a path, such as http://127.0.0.1:8080'),
  rate: read('RATE', '1', (text) => number(text, 0.01, 1000), 'a factor from 0.01 to 1000, such as 0.5'),
  latency: read('LATENCY', '1', (text) => number(text, 0.1, 100), 'a factor from 0.1 to 100, such as 2'),
  duration: read('DURATION', null, (text) => between(seconds(text), 5, 7 * 24 * 3600), 'a time from 5s to 168h, such as 90s, 10m or 1h30m'),
  product: read('PRODUCT', null, (text) => (/^[a-z0-9-]{1,100}$/.test(text) ? text : undefined), "a product's id, such as desk-lamp-arc-0001"),
  summary: read('SUMMARY', null, (text) => text, 'a path'),
};

if (wrong.length > 0) {
  throw new Error(`wrong settings: ${wrong.join('; ')}`);
}

function read(name, fallback, parse, expected) {
  const text = __ENV[name] || fallback;
  if (text === null) {
    return null;
  }
  const value = parse(text);
  if (value === undefined) {
    wrong.push(`${name}=${text}: want ${expected}`);
  }
  return value;
}

function url(text) {
  return /^https?:\/\/[^\s/?#]+\/?$/.test(text) ? text.replace(/\/$/, '') : undefined;
}

function number(text, least, most) {
  return /^\d+(\.\d+)?$/.test(text) ? between(Number(text), least, most) : undefined;
}

/** seconds reads a time such as 1h30m; undefined where it is none. */
export function seconds(text) {
  const parts = /^(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?$/.exec(text);
  if (parts === null || text === '') {
    return undefined;
  }
  return Number(parts[1] || 0) * 3600 + Number(parts[2] || 0) * 60 + Number(parts[3] || 0);
}

function between(value, least, most) {
  return value >= least && value <= most ? value : undefined;
}
