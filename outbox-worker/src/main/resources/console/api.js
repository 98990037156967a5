/** The REST API, by the same routes and tokens that everybody has. */

const ROOT = new URL('api/v1/tenant/webhooks', location.href.replace(/[?#].*/, '')).href;
const KEY = 'outbox-token';
const TRIES_WHEN_BUSY = 3;

/** What the API answered instead of what was asked for; its `errors` name the faulty fields. */
export class Problem extends Error {
  constructor(status, body = {}) {
    super(body.detail || body.title || `The answer was HTTP ${status}.`);
    this.status = status;
    this.title = body.title || `HTTP ${status}`;
    this.errors = Array.isArray(body.errors) ? body.errors : [];
  }
}

/** Nothing answered: the network, the worker or a proxy is away. */
export class Unreachable extends Error {
  constructor() {
    super('The worker does not answer. It may be restarting; this page tries again.');
    this.title = 'No answer';
    this.errors = [];
  }
}

/** The token, for as long as the tab lives: never in an address, a cookie or a file. */
export const session = {
  get token() {
    return sessionStorage.getItem(KEY);
  },
  begin(token) {
    sessionStorage.setItem(KEY, token);
  },
  end(reason) {
    sessionStorage.removeItem(KEY);
    dispatchEvent(new CustomEvent('signed-out', {detail: reason}));
  },
};

/** How far this machine's clock is ahead of the worker's, in milliseconds; what is below 2 s is noise. */
let clockAhead = 0;
export const now = () => Date.now() - clockAhead;

function noteClock(response) {
  const ahead = Date.now() - Date.parse(response.headers.get('date') ?? '');
  clockAhead = Math.abs(ahead) > 2000 ? ahead : 0;
}

const pause = (seconds) => new Promise((resume) => setTimeout(resume, seconds * 1000));

async function problemOf(response) {
  return new Problem(response.status, await response.json().catch(() => ({})));
}

/** One request with the session's token, or with another one; the answer may be of any status. */
export async function request(method, path, {query, body, headers, signal, token = session.token} = {}) {
  const url = new URL(ROOT + path);
  for (const [name, value] of Object.entries(query ?? {})) {
    if (value !== undefined && value !== null && value !== '') url.searchParams.set(name, value);
  }
  const init = {method, signal, cache: 'no-store', credentials: 'omit', redirect: 'error'};
  init.headers = {...headers, Authorization: `Bearer ${token}`};
  if (body !== undefined) {
    init.headers['Content-Type'] = 'application/json';
    init.body = JSON.stringify(body);
  }
  try {
    const response = await fetch(url, init);
    noteClock(response);
    return response;
  } catch (fault) {
    throw fault.name === 'AbortError' ? fault : new Unreachable();
  }
}

async function ask(method, path, options = {}) {
  for (let attempt = 1; ; attempt++) {
    const response = await request(method, path, options);
    if (response.ok) return response.status === 204 ? null : response.json();
    // What is only read may be asked again while the worker starts or its database is away.
    const busy = response.status === 429 || (response.status === 503 && method === 'GET');
    if (busy && attempt < TRIES_WHEN_BUSY) {
      await pause(Math.min(5, Number(response.headers.get('retry-after')) || 1));
      continue;
    }
    const problem = await problemOf(response);
    if (problem.status === 401 && !options.token) session.end('Your session has ended: the token is no longer valid.');
    throw problem;
  }
}

const id = encodeURIComponent;

export const api = {
  subscriptions: (query, signal) => ask('GET', '/subscriptions', {query, signal}),
  subscription: (key, signal) => ask('GET', `/subscriptions/${id(key)}`, {signal}),
  addSubscription: (body) => ask('POST', '/subscriptions', {body}),
  changeSubscription: (key, body) => ask('PATCH', `/subscriptions/${id(key)}`, {body}),
  removeSubscription: (key) => ask('DELETE', `/subscriptions/${id(key)}`),
  testSubscription: (key) => ask('POST', `/subscriptions/${id(key)}/test`),
  rotateSecret: (key, body) => ask('POST', `/subscriptions/${id(key)}/rotate-secret`, {body}),
  deliveries: (query, signal) => ask('GET', '/deliveries', {query, signal}),
  delivery: (key, signal) => ask('GET', `/deliveries/${id(key)}`, {signal}),
  retry: (key) => ask('POST', `/deliveries/${id(key)}/retry`),
  erasePayload: (key) => ask('DELETE', `/deliveries/${id(key)}/payload`),
  replays: (query, signal) => ask('GET', '/replays', {query, signal}),
  replay: (key, signal) => ask('GET', `/replays/${id(key)}`, {signal}),
  startReplay: ({subscription_id, ...body}) =>
    ask('POST', subscription_id ? `/subscriptions/${id(subscription_id)}/replay` : '/replays', {body}),
  stats: (window, signal) => ask('GET', '/stats', {query: {window}, signal}),
  eventTypes: (signal) => ask('GET', '/event-types', {signal}),
  audit: (query, signal) => ask('GET', '/audit', {query, signal}),
  /** Throws a Problem unless the API takes this token. */
  checkToken: (token) => ask('GET', '/subscriptions', {query: {limit: 1}, token}),
};

/** All subscriptions, page by page: names and filters need them together. Stops at 1,000. */
export async function allSubscriptions(signal) {
  const items = [];
  let cursor;
  do {
    const page = await api.subscriptions({limit: 200, cursor}, signal);
    items.push(...page.items);
    cursor = page.next_cursor;
  } while (cursor && items.length < 1000);
  return items;
}
