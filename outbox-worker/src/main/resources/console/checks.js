/** What can be said about a field before the API is asked. The API has the last word. */

const EVENT = /^(\*|[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*\.([A-Za-z0-9_-]+|\*))$/;
const DURATION = /^[1-9]\d{0,11}(ms|s|m|h|d)$/;
const MILLIS = {ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000};
const millis = (text) => Number.parseInt(text, 10) * MILLIS[text.replace(/\d/g, '')];

/** Each returns what is wrong, or undefined. */
export const checks = {
  url(value) {
    if (!value) return 'Where shall events go? An address like https://example.com/hooks.';
    const url = URL.canParse(value) && new URL(value);
    if (!url || !/^https?:\/\//i.test(value)) return 'This is not an address like https://example.com/hooks.';
    if (url.username || url.password) return 'Put no user name into the address; use a header for that.';
    if (url.hash) return 'What is behind a # is never sent; leave it out.';
    if (value.length > 2048) return 'An address has 2,048 characters at most.';
    return undefined;
  },
  event(value) {
    if (!value) return 'Choose an event, a group, or all.';
    return EVENT.test(value) && value.length <= 102
      ? undefined
      : 'A name like invoice.created, a group like invoice.*, or *.';
  },
  secret(value) {
    if (!value) return undefined;
    const size = new TextEncoder().encode(value).length;
    return size < 16 || size > 256 ? `A secret has 16 to 256 bytes; this one has ${size}.` : undefined;
  },
  retry_delays(value) {
    if (!value) return undefined;
    const wrong = value
      .split(',')
      .map((part) => part.trim())
      .find((part) => !DURATION.test(part) || millis(part) > 30 * MILLIS.d);
    return wrong === undefined
      ? undefined
      : `“${wrong}” is not a time like 5s, 10m or 6h (30d at most). Separate several by commas.`;
  },
  timeout(value) {
    if (!value) return undefined;
    return DURATION.test(value) && millis(value) <= 30_000 ? undefined : 'A time like 500ms or 10s, 30s at most.';
  },
  max_in_flight: (value) => wholeNumber(value, 1000),
  max_per_second: (value) => wholeNumber(value, 100_000),
  header_name(value) {
    if (/^x-(signature|webhook)/i.test(value)) return 'This header is the worker’s own.';
    return /^x-[A-Za-z0-9-]{1,98}$/i.test(value) ? undefined : 'A name like X-Tenant: it must begin with X-.';
  },
  header_value: (value) => (/^[\x20-\x7e]{0,1024}$/.test(value) ? undefined : 'Printable ASCII characters only.'),
};

function wholeNumber(value, most) {
  if (value === '') return undefined;
  return /^\d+$/.test(value) && value >= 1 && value <= most
    ? undefined
    : `A whole number from 1 to ${most.toLocaleString('en')}.`;
}

/** Says it without stopping anybody: the operator may have allowed http. */
export const urlWarning = (value) =>
  /^http:\/\//i.test(value) ? 'http is not encrypted: most workers refuse it.' : undefined;
