/** How values are written. All of it goes through text nodes: nothing here makes markup. */

const whole = new Intl.NumberFormat('en');
const relative = new Intl.RelativeTimeFormat('en', {numeric: 'auto'});
const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
const clock = {hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23'};
const timeOfDay = new Intl.DateTimeFormat('en-GB', clock);
const dayAndTime = new Intl.DateTimeFormat('en-GB', {day: 'numeric', month: 'short', ...clock});
const full = new Intl.DateTimeFormat('en-GB', {
  weekday: 'short',
  day: 'numeric',
  month: 'short',
  year: 'numeric',
  ...clock,
  timeZoneName: 'short',
});

export const count = (number) => whole.format(number);

export const plural = (number, one, many = `${one}s`) => `${count(number)} ${number === 1 ? one : many}`;

/** 14:03:22 today, 23 Nov, 14:03:22 on another day; in the viewer's zone. */
export function shortTime(text, today = new Date()) {
  const at = new Date(text);
  return at.toDateString() === today.toDateString() ? timeOfDay.format(at) : dayAndTime.format(at);
}

/** The whole time in the viewer's zone, and the exact value as the API gave it. */
export const exactTime = (text) => `${full.format(new Date(text))} (${zone})\n${text}`;

export const fullTime = (text) => full.format(new Date(text));

/** 3 minutes ago, in 12 seconds. */
export function fromNow(text, nowMillis) {
  const seconds = Math.round((Date.parse(text) - nowMillis) / 1000);
  const size = Math.abs(seconds);
  if (size < 60) return relative.format(seconds, 'second');
  if (size < 3600) return relative.format(Math.trunc(seconds / 60), 'minute');
  if (size < 86_400) return relative.format(Math.trunc(seconds / 3600), 'hour');
  return relative.format(Math.trunc(seconds / 86_400), 'day');
}

/** 850 ms, 1.2 s, 3 min 20 s, 2 h 5 min, 3 d 4 h. */
export function duration(millis) {
  if (millis === null || millis === undefined) return '–';
  if (millis < 1000) return `${Math.round(millis)} ms`;
  const seconds = millis / 1000;
  if (seconds < 60) return `${seconds < 10 ? Math.round(seconds * 10) / 10 : Math.round(seconds)} s`;
  if (seconds < 3600) return two(seconds, 60, 'min', 1, 's');
  return seconds < 86_400 ? two(seconds, 3600, 'h', 60, 'min') : two(seconds, 86_400, 'd', 3600, 'h');
}

function two(seconds, big, bigUnit, small, smallUnit) {
  const rest = Math.floor((seconds % big) / small);
  return `${Math.floor(seconds / big)} ${bigUnit}${rest ? ` ${rest} ${smallUnit}` : ''}`;
}

/** The first characters of an id, enough to tell two of them apart in one list. */
export const shortId = (id) => String(id).slice(-8);

/** A URL without its scheme where that is https; anything else stays as it is. */
export const shortUrl = (url) => String(url).replace(/^https:\/\//, '');

/** The value of datetime-local for a moment, in the viewer's zone, and back. */
export function toLocalInput(text) {
  if (!text || Number.isNaN(Date.parse(text))) return '';
  const at = new Date(text);
  return new Date(at.getTime() - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 19);
}

export const fromLocalInput = (value) => (Number.isNaN(Date.parse(value)) ? '' : new Date(value).toISOString());

export const bytes = (text) => {
  const size = new TextEncoder().encode(text).length;
  return size < 1024 ? `${size} bytes` : `${(size / 1024).toFixed(1)} KiB`;
};
